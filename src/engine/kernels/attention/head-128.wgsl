// Heads of 128 dimensions, or of 65 to 127 with zeros up to 128.
const D4 = 32u;  // vec4s of a head
