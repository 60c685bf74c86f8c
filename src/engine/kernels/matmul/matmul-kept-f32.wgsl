// How a tile's values lie in workgroup memory: as they are.
alias Kept = vec4f;
