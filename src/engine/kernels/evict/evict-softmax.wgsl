// Softmax over all keys alive, for the evict-*.wgsl that weigh by one.

// Scores, then their exponentials, of each lane's keys; largest score and sum of each lane.
var<workgroup> weights: array<f32, WORKGROUP * REGION>;
var<workgroup> tops: array<f32, WORKGROUP>;
var<workgroup> masses: array<f32, WORKGROUP>;

// From scores to exponentials, in `weights`; gives their sum over all lanes. lane_top: largest score of the lane's keys.
fn exponentiate(lane: u32, own: u32, lane_top: f32) -> f32 {
  tops[lane] = lane_top;
  workgroupBarrier();
  var top = lane_top;
  for (var i = 0u; i < WORKGROUP; i++) {
    top = max(top, tops[i]);
  }
  var mass = 0.0;
  for (var i = lane * REGION; i < lane * REGION + own; i++) {
    let weight = exp(weights[i] - top);
    weights[i] = weight;
    mass += weight;
  }
  masses[lane] = mass;
  workgroupBarrier();
  mass = 0.0;
  for (var i = 0u; i < WORKGROUP; i++) {
    mass += masses[i];
  }
  return mass;
}
