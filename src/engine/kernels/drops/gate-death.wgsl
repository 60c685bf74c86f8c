// needs: log-sigmoid
// When a key dies that a gate has scored (docs/method.md, Gates), for every kernel that decides by one:
//   without DECAYS: t_j = j + WINDOW where x <= 0, else NEVER
//   with DECAYS:    t_j = j + 1 + floor(log eps / log sigmoid(x)), the first query at which sigmoid(x)^(k - j) < eps
// x is the gate's score, its bias and the shift together.

override DECAYS: bool = false;
override WINDOW: u32 = 1;

const LOG_EPSILON = -4.60517019;  // log 0.01
const OLDEST = 1e6;               // no sequence is so long

fn gate_death(x: f32, position: u32, never: u32) -> u32 {
  if (!DECAYS) {
    return select(position + WINDOW, never, x > 0.0);
  }
  let decay = log_sigmoid(x);
  // Divided by nothing, ages are without end.
  if (decay * OLDEST > LOG_EPSILON) {
    return never;
  }
  return position + 1u + u32(LOG_EPSILON / decay);
}
