import type { CacheFixture } from '../engine/cache-fixture.js'

/** Rows of a page, as docs/method.md has it. */
const PAGE = 32

/**
 * Plain-loop twin of attention to the key-value cache: query row r of a span attends to those of its slot's rows that
 * hold a position j <= k < t_j. Follows page table and positions as src/engine/decode/layout.ts lays them out.
 * @param masks (rows of qkv, rows of a slot in whole pages): what is added to scores; nothing dies then
 * @returns (rows of qkv, C)
 */
export function cacheAttentionReference(fixture: CacheFixture, masks?: Float32Array): Float64Array {
  const { H, P: d, layout, layer, qkv, keys, values, state, deaths, spans, tokens, dense } = fixture
  const C = d * H
  const out = new Float64Array((qkv.length / (3 * C)) * C)
  for (const { slot, row, count } of spans) {
    const rows = Array.from({ length: state[slot] + count }, (_, i) => {
      const page = state[layout.slots + slot * layout.maxPages + Math.floor(i / PAGE)]
      return page * PAGE + (i % PAGE)
    })
    for (let r = row; r < row + count; r++) {
      const k = tokens[2 * r + 1]
      const seen = rows.filter((at) => {
        const j = state[layout.positions + at]
        const death = deaths[(layer * layout.slots + slot) * layout.nPositions + j]
        return j <= k && (dense || masks !== undefined || k < death)
      })
      for (let h = 0; h < H; h++) {
        const scores = seen.map((at) => {
          let dot = 0
          for (let c = 0; c < d; c++) dot += qkv[r * 3 * C + h * d + c] * keys[at * C + h * d + c]
          return dot / Math.sqrt(d) + (masks?.[r * layout.maxPages * PAGE + rows.indexOf(at)] ?? 0)
        })
        const top = Math.max(...scores)
        const weights = scores.map((x) => Math.exp(x - top))
        const mass = weights.reduce((sum, weight) => sum + weight, 0)
        seen.forEach((at, i) => {
          for (let c = 0; c < d; c++) {
            out[r * C + h * d + c] += (weights[i] / mass) * values[at * C + h * d + c]
          }
        })
      }
    }
  }
  return out
}
