// Heads of 64 dimensions, or of fewer with zeros up to 64.
const D4 = 16u;  // vec4s of a head
