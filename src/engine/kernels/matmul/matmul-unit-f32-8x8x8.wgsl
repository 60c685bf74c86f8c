enable chromium_experimental_subgroup_matrix;

diagnostic(off, chromium.subgroup_matrix_uniformity);  // the part of a tile depends on the subgroup

// A matrix unit that multiplies (8 x 8) by (8 x 8) f32 into f32.
alias Part = f32;

const UNIT_M = 8u;
const UNIT_N = 8u;
const UNIT_K = 8u;
const TILE_K = 16u;  // tiles of 16 KiB in all, with the sums
