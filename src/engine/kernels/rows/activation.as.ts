/** Twin of activation.wgsl: the MLP's activation functions and their slopes, over stretches of a row. */
import { erf4 } from '../common/erf.as'
import { expDown4 } from '../common/exp-down.as'
import { geluTanh4, geluTanhSlope4 } from '../common/gelu.as'
import { madd } from '../common/simd.as'

/** Numbers of src/engine/activation.ts. */
const NONE: u32 = 0
const GELU_TANH: u32 = 1
const GELU_ERF: u32 = 2
const GELU_SIGMOID: u32 = 3
const RELU: u32 = 4
const SILU: u32 = 5

@inline
function geluErf4(x: v128): v128 {
  const whole = f32x4.add(f32x4.splat(1), erf4(f32x4.mul(x, f32x4.splat(0.7071067811865476))))
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), whole)
}

/** The density too is as good as 0 beyond 12, and x may not grow without end. */
@inline
function geluErfSlope4(x: v128): v128 {
  const whole = f32x4.add(f32x4.splat(1), erf4(f32x4.mul(x, f32x4.splat(0.7071067811865476))))
  const c = f32x4.pmax(f32x4.pmin(x, f32x4.splat(12)), f32x4.splat(-12))
  const density = expDown4(f32x4.mul(f32x4.mul(c, c), f32x4.splat(-0.5)), -87.3)
  return madd(f32x4.mul(c, f32x4.splat(0.3989422804014327)), density, f32x4.mul(f32x4.splat(0.5), whole))
}

/** 1 / (1 + exp(-x)), and 0 where the exponential would overflow. */
@inline
function sigmoid4(x: v128): v128 {
  const lowest = f32x4.splat(-80)
  const e = expDown4(f32x4.neg(f32x4.pmax(x, lowest)), -87.3)
  return v128.andnot(f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e)), f32x4.lt(x, lowest))
}

/** x sigmoid(rate x) */
@inline
function gate4(x: v128, rate: f32): v128 {
  return f32x4.mul(x, sigmoid4(f32x4.mul(x, f32x4.splat(rate))))
}

/** s + rate x s (1 - s) */
@inline
function gateSlope4(x: v128, rate: f32): v128 {
  const u = f32x4.mul(x, f32x4.splat(rate))
  const s = sigmoid4(u)
  return madd(f32x4.mul(u, s), f32x4.sub(f32x4.splat(1), s), s)
}

@inline
function geluSigmoid4(x: v128): v128 {
  return gate4(x, 1.702)
}

@inline
function geluSigmoidSlope4(x: v128): v128 {
  return gateSlope4(x, 1.702)
}

@inline
function relu4(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(x, f32x4.splat(0)))
}

@inline
function reluSlope4(x: v128): v128 {
  return v128.and(f32x4.splat(1), f32x4.gt(x, f32x4.splat(0)))
}

@inline
function silu4(x: v128): v128 {
  return gate4(x, 1)
}

@inline
function siluSlope4(x: v128): v128 {
  return gateSlope4(x, 1)
}

/** `activation` is a constant wherever this is inlined, so that one function is left of it. */
@inline
function activate4(activation: u32, x: v128): v128 {
  if (activation == GELU_TANH) return geluTanh4(x)
  if (activation == GELU_ERF) return geluErf4(x)
  if (activation == GELU_SIGMOID) return geluSigmoid4(x)
  if (activation == RELU) return relu4(x)
  if (activation == SILU) return silu4(x)
  return x
}

@inline
function slope4(activation: u32, x: v128): v128 {
  if (activation == GELU_TANH) return geluTanhSlope4(x)
  if (activation == GELU_ERF) return geluErfSlope4(x)
  if (activation == GELU_SIGMOID) return geluSigmoidSlope4(x)
  if (activation == RELU) return reluSlope4(x)
  return siluSlope4(x)
}

/** to = f(from), with `biased` f(from + bias), of `bytes`. */
@inline
function stretch(activation: u32, biased: bool, bytes: usize, from: usize, bias: usize, to: usize): void {
  let c: usize = 0
  // Pairs that V8 can fuse.
  for (; c + 32 <= bytes; c += 32) {
    let x = v128.load(from + c)
    let y = v128.load(from + c, 16)
    if (biased) {
      x = f32x4.add(x, v128.load(bias + c))
      y = f32x4.add(y, v128.load(bias + c, 16))
    }
    x = activate4(activation, x)
    y = activate4(activation, y)
    v128.store(to + c, x)
    v128.store(to + c, y, 16)
  }
  if (c < bytes) {
    let x = v128.load(from + c)
    if (biased) x = f32x4.add(x, v128.load(bias + c))
    v128.store(to + c, activate4(activation, x))
  }
}

/** The loop of one function each; `biased` is a constant too. */
@inline
function eachStretch(activation: u32, biased: bool, bytes: usize, from: usize, bias: usize, to: usize): void {
  switch (activation) {
    case GELU_TANH:
      return stretch(GELU_TANH, biased, bytes, from, bias, to)
    case GELU_ERF:
      return stretch(GELU_ERF, biased, bytes, from, bias, to)
    case GELU_SIGMOID:
      return stretch(GELU_SIGMOID, biased, bytes, from, bias, to)
    case RELU:
      return stretch(RELU, biased, bytes, from, bias, to)
    case SILU:
      return stretch(SILU, biased, bytes, from, bias, to)
    default:
      return stretch(NONE, biased, bytes, from, bias, to)
  }
}

/** sums = f(sums + bias) */
export function activateSums(activation: u32, bytes: usize, sums: usize, bias: usize): void {
  eachStretch(activation, true, bytes, sums, bias, sums)
}

/** to = f(from) */
export function activateInto(activation: u32, bytes: usize, from: usize, to: usize): void {
  eachStretch(activation, false, bytes, from, 0, to)
}

@inline
function slopes(activation: u32, bytes: usize, sums: usize, inputs: usize, to: usize): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    v128.store(to + c, f32x4.mul(v128.load(sums + c), slope4(activation, v128.load(inputs + c))))
  }
}

/** to = sums f'(inputs) */
export function slopesInto(activation: u32, bytes: usize, sums: usize, inputs: usize, to: usize): void {
  switch (activation) {
    case GELU_TANH:
      return slopes(GELU_TANH, bytes, sums, inputs, to)
    case GELU_ERF:
      return slopes(GELU_ERF, bytes, sums, inputs, to)
    case GELU_SIGMOID:
      return slopes(GELU_SIGMOID, bytes, sums, inputs, to)
    case RELU:
      return slopes(RELU, bytes, sums, inputs, to)
    case SILU:
      return slopes(SILU, bytes, sums, inputs, to)
    default:
      memory.copy(to, sums, bytes)
  }
}
