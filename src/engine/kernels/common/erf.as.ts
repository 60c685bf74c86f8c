/** The error function, as the shaders have it: x P(x^2) / Q(x^2) for |x| up to 4, beyond which it is 1 in f32. */
import { madd } from './simd.as'

/** P and Q from their highest powers on, as Eigen and XLA have them; in memory for the reason given in exp-down.as.ts. */
const TABLE: usize = memory.data<f32>([
  -2.72614225801306e-10,
  2.77068142495902e-08,
  -2.10102402082508e-06,
  -5.69250639462346e-05,
  -7.34990630326855e-04,
  -2.95459980854025e-03,
  -1.60960333262415e-02,
  -1.45660718464996e-05,
  -2.13374055278905e-04,
  -1.68282697438203e-03,
  -7.37332916720468e-03,
  -1.42647390514189e-02,
  4,
  -4,
])

@inline
function constant(i: usize): v128 {
  return v128.load32_splat(TABLE + 4 * i)
}

/** erf of each lane, off by less than 5e-7; NaN stays. */
@inline
export function erf4(x: v128): v128 {
  const c = f32x4.pmax(f32x4.pmin(x, constant(12)), constant(13))
  const s = f32x4.mul(c, c)
  let p = madd(constant(0), s, constant(1))
  p = madd(p, s, constant(2))
  p = madd(p, s, constant(3))
  p = madd(p, s, constant(4))
  p = madd(p, s, constant(5))
  p = madd(p, s, constant(6))
  let q = madd(constant(7), s, constant(8))
  q = madd(q, s, constant(9))
  q = madd(q, s, constant(10))
  q = madd(q, s, constant(11))
  return f32x4.div(f32x4.mul(c, p), q)
}
