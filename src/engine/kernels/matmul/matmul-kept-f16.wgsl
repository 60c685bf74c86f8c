enable f16;

// How a tile's values lie in workgroup memory: as halves, which doubles what fits and what a read brings. The values of
// a are rounded for it (relative 2^-11), weights are halves already; products and sums are f32.
alias Kept = vec4h;
