// The most attention that each key gets from a query that is `window` or more positions later, over the heads so far.
//   peaks[j] = max(peaks[j], max over k >= j + window of weights[k,j]);  0 where no query is so late
// weights (B, T, T): one head's. peaks (B T).
// Grid: (ceil(T / WORKGROUP), B); a lane owns a key.

override WORKGROUP: u32 = 64;
override FIRST: bool = false;  // there is no head before this one

struct Peaks {
  T: u32,
  window: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read_write> peaks: array<f32>;
@group(0) @binding(2) var<uniform> shape: Peaks;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = shape.T;
  let j = group.x * WORKGROUP + lane;
  if (j >= T) {
    return;
  }
  let row = group.y * T;
  var most = 0.0;
  if (!FIRST) {
    most = peaks[row + j];
  }
  for (var k = j + shape.window; k < T; k++) {
    most = max(most, weights[(row + k) * T + j]);
  }
  peaks[row + j] = most;
}
