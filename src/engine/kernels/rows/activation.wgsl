// The activation functions of the MLP and their slopes, numbered as in src/engine/activation.ts.

override ACTIVATION: u32 = 0u;

// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))); beyond 10 tanh is 1 in f32, and exp inside it may overflow.
fn gelu_tanh(x: vec4f) -> vec4f {
  let inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1.0 + tanh(clamp(inner, vec4f(-10.0), vec4f(10.0))));
}

fn gelu_tanh_slope(x: vec4f) -> vec4f {
  let inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
  let t = tanh(clamp(inner, vec4f(-10.0), vec4f(10.0)));
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * 0.7978845608028654 * (1.0 + 0.134145 * x * x);
}

// erf of x in [-4, 4], beyond which it is 1 in f32: x P(x^2) / Q(x^2), the rational function that Eigen and XLA use. Off by less
// than 5e-7 (test/engine/activations.test.ts measures it in GELU, whose rounding is part of that).
fn erf(x: vec4f) -> vec4f {
  let c = clamp(x, vec4f(-4.0), vec4f(4.0));
  let s = c * c;
  var p = -2.72614225801306e-10 * s + 2.77068142495902e-08;
  p = p * s - 2.10102402082508e-06;
  p = p * s - 5.69250639462346e-05;
  p = p * s - 7.34990630326855e-04;
  p = p * s - 2.95459980854025e-03;
  p = p * s - 1.60960333262415e-02;
  var q = -1.45660718464996e-05 * s - 2.13374055278905e-04;
  q = q * s - 1.68282697438203e-03;
  q = q * s - 7.37332916720468e-03;
  q = q * s - 1.42647390514189e-02;
  return c * p / q;
}

// 0.5 x (1 + erf(x / sqrt 2))
fn gelu_erf(x: vec4f) -> vec4f {
  return 0.5 * x * (1.0 + erf(0.7071067811865476 * x));
}

// Beyond 12 the density is as good as 0, and x may not grow without end.
fn gelu_erf_slope(x: vec4f) -> vec4f {
  let c = clamp(x, vec4f(-12.0), vec4f(12.0));
  return 0.5 * (1.0 + erf(0.7071067811865476 * x)) + 0.3989422804014327 * c * exp(-0.5 * c * c);
}

// 1 / (1 + exp(-x)), and 0 where the exponential would overflow.
fn sigmoid(x: vec4f) -> vec4f {
  return select(1.0 / (1.0 + exp(-max(x, vec4f(-80.0)))), vec4f(0.0), x < vec4f(-80.0));
}

fn gelu_sigmoid(x: vec4f) -> vec4f {
  return x * sigmoid(1.702 * x);
}

fn gelu_sigmoid_slope(x: vec4f) -> vec4f {
  let s = sigmoid(1.702 * x);
  return s + 1.702 * x * s * (1.0 - s);
}

fn relu(x: vec4f) -> vec4f {
  return select(x, vec4f(0.0), x < vec4f(0.0));
}

fn relu_slope(x: vec4f) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), x > vec4f(0.0));
}

fn silu(x: vec4f) -> vec4f {
  return x * sigmoid(x);
}

fn silu_slope(x: vec4f) -> vec4f {
  let s = sigmoid(x);
  return s + x * s * (1.0 - s);
}

fn activate(x: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return gelu_tanh(x); }
    case 2u: { return gelu_erf(x); }
    case 3u: { return gelu_sigmoid(x); }
    case 4u: { return relu(x); }
    case 5u: { return silu(x); }
    default: { return x; }
  }
}

fn activation_slope(x: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return gelu_tanh_slope(x); }
    case 2u: { return gelu_erf_slope(x); }
    case 3u: { return gelu_sigmoid_slope(x); }
    case 4u: { return relu_slope(x); }
    case 5u: { return silu_slope(x); }
    default: { return vec4f(1.0); }
  }
}
