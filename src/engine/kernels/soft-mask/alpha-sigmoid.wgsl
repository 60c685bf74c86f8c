// The alpha-sigmoid (docs/method.md, Alpha-sigmoid): the p in [0, 1] with  p^a - (1-p)^a = a x,  a = alpha - 1.
// 0 at a x <= -1, 1 at a x >= 1, 1/2 at x = 0, and p(-x) = 1 - p(x); alpha = 1 is the logistic sigmoid.
// Functions only. What is solved for is the tail t = 1 - p(|x|) <= 1/2, so that log p keeps its precision near p = 1.

struct AlphaSigmoid {
  p: f32,
  q: f32,      // 1 - p, computed without the subtraction
  log_p: f32,  // finite for p > 0; GONE at p = 0
}

const GONE = -1e30;      // log of nothing: stands for minus infinity, which WGSL may assume away
const NEARLY_1 = 1e-5;   // below this a the logistic sigmoid is as near as f32 comes
const SMALLEST = 1e-6;   // alpha > 2: p below this counts as 0 (the edge of the band)

// log(1 - t) for 0 <= t < 1, precise for small t too.
fn log_1_minus(t: f32) -> f32 {
  if (t >= 0.1) {
    return log(1.0 - t);
  }
  return -t * (1.0 + t * (1.0 / 2.0 + t * (1.0 / 3.0 + t * (1.0 / 4.0 + t * (1.0 / 5.0 + t * (1.0 / 6.0))))));
}

// 1 - exp(-y) for y >= 0, precise for small y too.
fn one_minus_exp(y: f32) -> f32 {
  if (y >= 0.1) {
    return 1.0 - exp(-y);
  }
  return y * (1.0 - y * (1.0 / 2.0 - y * (1.0 / 6.0 - y * (1.0 / 24.0 - y * (1.0 / 120.0)))));
}

// t^e for 0 <= t <= 1/2; 0 at t = 0, whatever the exponent.
fn tail_power(t: f32, e: f32) -> f32 {
  return select(0.0, exp(e * log(max(t, 1e-37))), t > 0.0);
}

// The logit z >= 0 of p = 1 / (1 + exp(-z)) for 1 <= alpha < 2: Newton on F(z) = (1 - exp(-a z)) p^a / a = |x|, from
// below, where F is concave. There is no cancellation as a -> 0, where F(z) -> z.
fn logit_below_2(x: f32, a: f32) -> f32 {
  if (a < NEARLY_1) {
    return x;
  }
  var z = -log_1_minus(a * x) / a;
  for (var i = 0u; i < 4u; i++) {
    let e = exp(-z);
    let s = -log_1_minus(e / (1.0 + e));  // log(1 + e)
    let p_a = exp(-a * s);
    let q_a = exp(-a * (s + z));
    let slope = (p_a * e + q_a) / (1.0 + e);
    z += (x - one_minus_exp(a * z) * p_a / a) / slope;
  }
  return z;
}

// The tail for alpha > 2, by u = 1 - a |x|: Newton on  1 - (1-t)^a + t^a = u, from above.
fn tail_above_2(u: f32, a: f32) -> f32 {
  var t = 0.5;
  if (u < 1.0) {
    t = min(0.5, one_minus_exp(-log(1.0 - u) / a));
  }
  for (var i = 0u; i < 4u; i++) {
    let log_rest = log_1_minus(t);
    let power = tail_power(t, a - 1.0);
    let slope = a * (exp((a - 1.0) * log_rest) + power);
    t -= (one_minus_exp(-a * log_rest) + t * power - u) / max(slope, 1e-30);
    t = clamp(t, 0.0, 0.5);
  }
  return t;
}

// The tail where it has a closed form; -1 where it has none.
fn tail_closed(x: f32, u: f32, alpha: f32) -> f32 {
  if (alpha == 1.5) {
    let y = 0.25 * x * sqrt(8.0 - x * x);
    let v = u * (2.0 + x);
    return v * v / (8.0 * (1.0 + y));
  }
  if (alpha == 2.0 || alpha == 3.0) {
    return 0.5 * u;
  }
  if (alpha == 4.0) {
    // One Newton step gives the closed form the precision that subtraction costs it near the edge.
    let t = 0.5 - sinh(asinh(2.0 * (1.0 - u)) / 3.0);
    return t - (t * (3.0 - t * (3.0 - 2.0 * t)) - u) / (3.0 - 6.0 * t * (1.0 - t));
  }
  return -1.0;
}

fn alpha_sigmoid(x: f32, alpha: f32) -> AlphaSigmoid {
  let a = alpha - 1.0;
  let u = 1.0 - a * abs(x);
  if (u <= 0.0) {
    if (x > 0.0) {
      return AlphaSigmoid(1.0, 0.0, 0.0);
    }
    return AlphaSigmoid(0.0, 1.0, GONE);
  }
  var tail = tail_closed(abs(x), u, alpha);
  var log_tail = log(max(tail, 1e-37));
  if (tail < 0.0) {
    if (alpha > 2.0) {
      tail = tail_above_2(u, a);
      log_tail = log(max(tail, 1e-37));
    } else {
      let z = logit_below_2(abs(x), a);
      let e = exp(-z);
      tail = e / (1.0 + e);
      log_tail = log_1_minus(tail) - z;
    }
  }
  if (x >= 0.0) {
    return AlphaSigmoid(1.0 - tail, tail, log_1_minus(tail));
  }
  if (alpha > 2.0 && tail < SMALLEST) {
    return AlphaSigmoid(0.0, 1.0, GONE);
  }
  return AlphaSigmoid(tail, 1.0 - tail, log_tail);
}

// d log p / dx = 1 / (p^a + p q^(a-1)), 0 at p = 0 and p = 1; dp/dx is p times it.
fn alpha_sigmoid_rho(s: AlphaSigmoid, alpha: f32) -> f32 {
  if (s.p <= 0.0 || s.q <= 0.0) {
    return 0.0;
  }
  let a = alpha - 1.0;
  return 1.0 / (exp(a * log(s.p)) + s.p * exp((a - 1.0) * log(s.q)));
}
