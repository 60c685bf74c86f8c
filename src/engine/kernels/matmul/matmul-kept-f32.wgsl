// How a tile's values lie in workgroup memory: as they are. Joined before matmul-tile8.wgsl.
alias Kept = vec4f;
