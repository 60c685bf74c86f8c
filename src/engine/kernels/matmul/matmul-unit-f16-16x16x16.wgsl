enable f16;
enable chromium_experimental_subgroup_matrix;

diagnostic(off, chromium.subgroup_matrix_uniformity);  // the part of a tile depends on the subgroup

// A matrix unit that multiplies (16 x 16) by (16 x 16) halves into f32.
alias Part = f16;

const UNIT_M = 16u;
const UNIT_N = 16u;
const UNIT_K = 16u;
const TILE_K = 32u;  // tiles of 16 KiB in all, with the sums
