// The logarithm of the logistic sigmoid, precise at both ends. Functions only.

// log(1 / (1 + exp(-x))) = min(x, 0) - log(1 + exp(-|x|)); 0 where x is so large that nothing is left of the logarithm.
fn log_sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  var tail = log(1.0 + e);
  if (e < 0.1) {
    tail = e * (1.0 - e * (1.0 / 2.0 - e * (1.0 / 3.0 - e * (1.0 / 4.0 - e * (1.0 / 5.0 - e * (1.0 / 6.0))))));
  }
  return min(x, 0.0) - tail;
}
