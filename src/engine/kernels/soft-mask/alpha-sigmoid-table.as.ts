/**
 * The alpha-sigmoid of one alpha out of a table: training takes millions of log p and d log p / dx of the same alpha, and each
 * costs four Newton steps. The table has cubics over 1,008 cells of the band |x| < 1 / (alpha - 1), as far as |x| < 16:
 * of log p by its values and slopes, which are rho, of rho by its values alone. Log p goes to minus infinity at the one edge,
 * rho has a kink at the other: within 8 cells of either, and beyond 16, both are solved for, and so they are everywhere for an
 * alpha above 8, whose step at 0 is narrower than a cell. What a lane gets depends on its own x only.
 */
import { madd } from '../common/simd.as'
import { alphaSigmoid, alphaSigmoidRho, asigLogP, GONE } from './alpha-sigmoid.as'

/** Cells on either side of 0, and those that are used. */
const CELLS = 512
const USED = 504
/** Where the table ends unless the band does. */
const WIDEST: f32 = 16
const MOST_ALPHA: f32 = 8
/** Bytes of a cell: four coefficients of log p, four of rho. */
const CELL: usize = 32
/** Bytes of all cells, and of the values at their ends: log p, rho. */
const TABLE: usize = 2 * USED * CELL
const ENDS = 2 * CELLS
export const TABLE_BYTES: usize = TABLE + 8 * ENDS

/** Of this thread's table: alpha, where it lies, cells a unit of x, cells on either side that may be used. */
let alpha: f32 = 0
let table: usize = 0
let perUnit: f32 = 0
let used: f32 = 0

/** What `tableSigmoid` has found: log p, GONE at p = 0, and rho. */
export let factorLogP: v128 = i32x4(0, 0, 0, 0)
export let factorRho: v128 = i32x4(0, 0, 0, 0)

/** Makes the table for an alpha at an address that has TABLE_BYTES. */
export function makeTable(to: usize, newAlpha: f32): void {
  alpha = newAlpha
  table = to
  used = newAlpha > MOST_ALPHA ? 0 : <f32>USED
  if (used === 0) return
  const a = newAlpha - 1
  let reach = WIDEST
  if (a * WIDEST > 1) reach = 1 / a
  perUnit = <f32>CELLS / reach
  const size = reach / <f32>CELLS
  const logs = to + TABLE
  const slopes = logs + 4 * ENDS
  for (let i = 0; i < ENDS; i += 4) {
    const cells = f32x4.convert_i32x4_s(i32x4.add(i32x4.splat(i - CELLS), i32x4(0, 1, 2, 3)))
    alphaSigmoid(f32x4.mul(cells, f32x4.splat(size)), newAlpha)
    v128.store(logs + 4 * i, asigLogP)
    v128.store(slopes + 4 * i, alphaSigmoidRho(newAlpha))
  }
  for (let i = CELLS - USED; i < CELLS + USED; i++) {
    const cell = to + (i - (CELLS - USED)) * CELL
    const log = logs + 4 * i
    const rho = slopes + 4 * i
    const r0 = load<f32>(rho)
    const r1 = load<f32>(rho, 4)
    cubic(cell, load<f32>(log), load<f32>(log, 4), size * r0, size * r1)
    const before = load<f32>(rho - 4)
    const after = load<f32>(rho, 8)
    cubic(cell + 16, r0, r1, 0.5 * (r1 - before), 0.5 * (after - r0))
  }
}

/** Coefficients of the cubic that has these values and slopes at 0 and 1. */
function cubic(to: usize, y0: f32, y1: f32, d0: f32, d1: f32): void {
  const rise = y1 - y0
  store<f32>(to, y0)
  store<f32>(to, d0, 4)
  store<f32>(to, 3 * rise - 2 * d0 - d1, 8)
  store<f32>(to, d0 + d1 - 2 * rise, 12)
}

/** log p and rho of each lane that is `wanted`, into `factorLogP` and `factorRho`; the others get anything. */
export function tableSigmoid(x: v128, wanted: v128): void {
  const cells = f32x4.mul(x, f32x4.splat(perUnit))
  const inside = f32x4.lt(f32x4.abs(cells), f32x4.splat(used))
  if (v128.any_true(v128.and(wanted, inside))) lookUp(v128.and(cells, inside))
  if (v128.any_true(v128.andnot(wanted, inside))) solve(x, wanted, inside)
}

/** Lanes that the table does not have: p is 0 or 1 beyond the band, and solved for at its edges. */
function solve(x: v128, wanted: v128, inside: v128): void {
  const zero = f32x4.splat(0)
  const u = f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.splat(alpha - 1), f32x4.abs(x)))
  const outside = f32x4.le(u, zero)
  let logP = v128.andnot(f32x4.splat(GONE), f32x4.ge(x, zero))
  let rho = zero
  if (v128.any_true(v128.andnot(wanted, v128.or(inside, outside)))) {
    alphaSigmoid(x, alpha)
    logP = asigLogP
    rho = alphaSigmoidRho(alpha)
  }
  factorLogP = v128.bitselect(factorLogP, logP, inside)
  factorRho = v128.bitselect(factorRho, rho, inside)
}

/** The cubics at `cells`, counted in cells from 0. */
function lookUp(cells: v128): void {
  const cell = f32x4.floor(cells)
  const t = f32x4.sub(cells, cell)
  const at = i32x4.shl(i32x4.trunc_sat_f32x4_s(cell), 5)
  const middle = table + USED * CELL
  const a = middle + i32x4.extract_lane(at, 0)
  const b = middle + i32x4.extract_lane(at, 1)
  const c = middle + i32x4.extract_lane(at, 2)
  const d = middle + i32x4.extract_lane(at, 3)
  factorLogP = evaluate(v128.load(a), v128.load(b), v128.load(c), v128.load(d), t)
  factorRho = evaluate(v128.load(a, 16), v128.load(b, 16), v128.load(c, 16), v128.load(d, 16), t)
}

/** Four cubics, one a lane: coefficients of each in a vector, so they are transposed first. */
@inline
function evaluate(a: v128, b: v128, c: v128, d: v128, t: v128): v128 {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  const c0 = v128.shuffle<i64>(ab, cd, 0, 2)
  const c1 = v128.shuffle<i64>(ab, cd, 1, 3)
  const c2 = v128.shuffle<i64>(AB, CD, 0, 2)
  const c3 = v128.shuffle<i64>(AB, CD, 1, 3)
  return madd(madd(madd(c3, t, c2), t, c1), t, c0)
}
