/**
 * The tile in registers: up to 6 rows of 8 columns, or of 16 where `wide`. Both are constants wherever it is inlined, so
 * that nothing is left of what they rule out. Neighbouring columns go through the same operations one after the other,
 * which is what V8 can fuse.
 */
import { madd } from '../common/simd.as'

// One k a round: V8 would line up several as chains, each sum waiting for itself.
@inline
export function tile(
  rows: u32,
  wide: bool,
  left: usize,
  rowStep: usize,
  step: usize,
  panel: usize,
  depth: u32,
  sums: usize,
  sumsStep: usize,
): void {
  let a0: usize = left
  let a1: usize = a0 + rowStep
  let a2: usize = a1 + rowStep
  let a3: usize = a2 + rowStep
  let a4: usize = a3 + rowStep
  let a5: usize = a4 + rowStep
  const to0: usize = sums
  const to1: usize = to0 + sumsStep
  const to2: usize = to1 + sumsStep
  const to3: usize = to2 + sumsStep
  const to4: usize = to3 + sumsStep
  const to5: usize = to4 + sumsStep
  const zero = f32x4.splat(0)
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero
  let s20 = zero, s21 = zero, s22 = zero, s23 = zero
  let s30 = zero, s31 = zero, s32 = zero, s33 = zero
  let s40 = zero, s41 = zero, s42 = zero, s43 = zero
  let s50 = zero, s51 = zero, s52 = zero, s53 = zero
  s00 = v128.load(to0)
  s01 = v128.load(to0, 16)
  if (wide) {
    s02 = v128.load(to0, 32)
    s03 = v128.load(to0, 48)
  }
  if (rows > 1) {
    s10 = v128.load(to1)
    s11 = v128.load(to1, 16)
    if (wide) {
      s12 = v128.load(to1, 32)
      s13 = v128.load(to1, 48)
    }
  }
  if (rows > 2) {
    s20 = v128.load(to2)
    s21 = v128.load(to2, 16)
    if (wide) {
      s22 = v128.load(to2, 32)
      s23 = v128.load(to2, 48)
    }
  }
  if (rows > 3) {
    s30 = v128.load(to3)
    s31 = v128.load(to3, 16)
    if (wide) {
      s32 = v128.load(to3, 32)
      s33 = v128.load(to3, 48)
    }
  }
  if (rows > 4) {
    s40 = v128.load(to4)
    s41 = v128.load(to4, 16)
    if (wide) {
      s42 = v128.load(to4, 32)
      s43 = v128.load(to4, 48)
    }
  }
  if (rows > 5) {
    s50 = v128.load(to5)
    s51 = v128.load(to5, 16)
    if (wide) {
      s52 = v128.load(to5, 32)
      s53 = v128.load(to5, 48)
    }
  }
  for (const end = panel + 64 * <usize>depth; panel < end; panel += 64) {
    const p0 = v128.load(panel)
    const p1 = v128.load(panel, 16)
    const p2 = wide ? v128.load(panel, 32) : zero
    const p3 = wide ? v128.load(panel, 48) : zero
    const x0 = v128.load32_splat(a0)
    a0 += step
    s00 = madd(x0, p0, s00)
    s01 = madd(x0, p1, s01)
    if (wide) {
      s02 = madd(x0, p2, s02)
      s03 = madd(x0, p3, s03)
    }
    if (rows > 1) {
      const x1 = v128.load32_splat(a1)
      a1 += step
      s10 = madd(x1, p0, s10)
      s11 = madd(x1, p1, s11)
      if (wide) {
        s12 = madd(x1, p2, s12)
        s13 = madd(x1, p3, s13)
      }
    }
    if (rows > 2) {
      const x2 = v128.load32_splat(a2)
      a2 += step
      s20 = madd(x2, p0, s20)
      s21 = madd(x2, p1, s21)
      if (wide) {
        s22 = madd(x2, p2, s22)
        s23 = madd(x2, p3, s23)
      }
    }
    if (rows > 3) {
      const x3 = v128.load32_splat(a3)
      a3 += step
      s30 = madd(x3, p0, s30)
      s31 = madd(x3, p1, s31)
      if (wide) {
        s32 = madd(x3, p2, s32)
        s33 = madd(x3, p3, s33)
      }
    }
    if (rows > 4) {
      const x4 = v128.load32_splat(a4)
      a4 += step
      s40 = madd(x4, p0, s40)
      s41 = madd(x4, p1, s41)
      if (wide) {
        s42 = madd(x4, p2, s42)
        s43 = madd(x4, p3, s43)
      }
    }
    if (rows > 5) {
      const x5 = v128.load32_splat(a5)
      a5 += step
      s50 = madd(x5, p0, s50)
      s51 = madd(x5, p1, s51)
      if (wide) {
        s52 = madd(x5, p2, s52)
        s53 = madd(x5, p3, s53)
      }
    }
  }
  v128.store(to0, s00)
  v128.store(to0, s01, 16)
  if (wide) {
    v128.store(to0, s02, 32)
    v128.store(to0, s03, 48)
  }
  if (rows > 1) {
    v128.store(to1, s10)
    v128.store(to1, s11, 16)
    if (wide) {
      v128.store(to1, s12, 32)
      v128.store(to1, s13, 48)
    }
  }
  if (rows > 2) {
    v128.store(to2, s20)
    v128.store(to2, s21, 16)
    if (wide) {
      v128.store(to2, s22, 32)
      v128.store(to2, s23, 48)
    }
  }
  if (rows > 3) {
    v128.store(to3, s30)
    v128.store(to3, s31, 16)
    if (wide) {
      v128.store(to3, s32, 32)
      v128.store(to3, s33, 48)
    }
  }
  if (rows > 4) {
    v128.store(to4, s40)
    v128.store(to4, s41, 16)
    if (wide) {
      v128.store(to4, s42, 32)
      v128.store(to4, s43, 48)
    }
  }
  if (rows > 5) {
    v128.store(to5, s50)
    v128.store(to5, s51, 16)
    if (wide) {
      v128.store(to5, s52, 32)
      v128.store(to5, s53, 48)
    }
  }
}
