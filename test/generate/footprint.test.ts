/**
 * The same tokens scored, as a window of a text, and decoded token by token: one KV footprint and one peak, and those of the rows that
 * the cache really held (docs/method.md, Footprint).
 */
import * as assert from 'uvu/assert'
import { causalEntries } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import type { HardRule } from '../../src/engine/rules.js'
import { scoreRequests } from '../../src/eval/score.js'
import { countSequence, shareOf } from '../../src/generate/drops.js'
import { scoreWindows } from '../../src/ppl/score.js'
import { addCounts, addScore, emptyCounts, sparsityOf } from '../../src/record/eval/build.js'
import { ruleFigures, type WindowScore } from '../../src/record/ppl/figures.js'
import { OPTIONS } from '../engine/decode-runs.js'
import { goldenTensors, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'

const micro = await openMicro()
const ids = goldenTensors('micro/forward').words('input_ids')
const SEQUENCES = [40, 17].map((length, b) => ids.slice(40 * b, 40 * b + length))
const LIMITS = { tokens: 128, requests: 16 }

const RULES: HardRule[] = [
  { kind: 'adaptive', shift: 0 },
  { kind: 'adaptive', shift: -0.5 },
  { kind: 'local', size: 9 },
  { kind: 'strided', size: 6 },
  { kind: 'h2o', size: 8 },
  { kind: 'expected', size: 8 },
]

await onEachAdapter('KV footprint', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, micro)
  })
  test.after(() => engine.close())

  async function scored(rule: HardRule) {
    const requests = SEQUENCES.map((tokens, doc) => ({
      doc,
      index: 0,
      context: '',
      continuation: '',
      input: tokens,
      targets: tokens.slice(-1),
    }))
    let counts = emptyCounts(engine.config.nLayer)
    for await (const some of scoreRequests(engine, requests, { rule, limits: LIMITS })) {
      for (const { request, score } of some) counts = addScore(counts, request.input.length, score)
    }
    return sparsityOf(counts)
  }

  async function asWindows(rule: HardRule) {
    const windows = SEQUENCES.map((input) => ({
      input,
      firstRow: 0,
      firstTarget: 0,
      targets: input.slice(1).fill(1),
    }))
    const scores: WindowScore[][] = []
    for await (const batch of scoreWindows(engine, windows, { rules: [rule], batchTokens: 128 }))
      scores.push(...batch)
    const shapes = windows.map(({ input }) => ({ rows: input.length, firstRow: 0 }))
    const [dense, pruned] = [0, 1].map((at) => scores.map((rules) => rules[at]))
    return ruleFigures(shapes, pruned, dense, { words: 1, bytes: 1 }, 40).sparsity
  }

  /** Death times in the end, and of each layer and sequence the rows that the cache held after every token. */
  async function decoded(rule: HardRule) {
    const decoder = await engine.decoder({ ...OPTIONS, rule, slots: SEQUENCES.length })
    const slots = SEQUENCES.map((_, slot) => slot)
    const rows: number[][][] = slots.map(() => [])
    const keep = (some: readonly number[], usage: readonly Uint32Array[]) => {
      for (const slot of some) rows[slot].push(usage.map((layer) => layer[slot]))
    }
    const prompts = SEQUENCES.map((tokens, slot) => ({
      slot,
      tokens: tokens.subarray(0, 1),
      sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 },
      next: tokens[1],
    }))
    keep(slots, (await decoder.prefill(prompts)).usage.rows)
    for (let at = 1; at < 40; at++) {
      const some = slots.filter((slot) => at < SEQUENCES[slot].length)
      const forced = Uint32Array.from(some, (slot) => SEQUENCES[slot][at + 1] ?? 0)
      keep(some, (await decoder.decode(some, 1, forced)).usage.rows)
    }
    const deaths = await decoder.deaths()
    decoder.close()
    return { deaths: SEQUENCES.map((_, slot) => deaths.map((layer) => layer[slot])), rows }
  }

  for (const rule of RULES) {
    const name = 'shift' in rule ? `shift ${rule.shift}` : 'size' in rule ? `size ${rule.size}` : ''
    test(`${rule.kind}, ${name}: scoring, perplexity and decoding agree, and so does the cache`, async () => {
      const own = await scored(rule)
      const text = await asWindows(rule)
      const { deaths, rows } = await decoded(rule)
      const share = shareOf(deaths.map(countSequence).reduce(addCounts))
      assert.ok(own.kv_footprint && own.kv_footprint < 1 && own.kv_peak && own.kv_peak < 1)
      for (const field of ['kv_footprint', 'kv_peak', 'kv_peak_max'] as const) {
        const value = own[field] ?? Number.NaN
        near(text?.[field], value, `perplexity, ${field}`)
        near(share[field], value, `decoding, ${field}`)
      }
      // A learned drop leaves before the query that kills it is over; other policies' victims are seen once more.
      const isLearned = rule.kind === 'adaptive'
      const seen = rows.map((steps) =>
        steps.map((layers, at) =>
          sum(layers.map((held, l) => (isLearned ? held : at === 0 ? 1 : steps[at - 1][l] + 1))),
        ),
      )
      const L = engine.config.nLayer
      const full = SEQUENCES.map(({ length }) => L * causalEntries(length))
      near(sum(seen.map(sum)) / sum(full), own.kv_footprint ?? 0, 'rows of the cache')
      const peaks = seen.map((steps, slot) => Math.max(...steps) / (L * SEQUENCES[slot].length))
      near(sum(peaks) / peaks.length, own.kv_peak ?? 0, 'most rows of the cache')
    })
  }
})

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)

function near(got: number | null | undefined, expected: number, what: string): void {
  assert.ok(got != null && Math.abs(got - expected) < 1e-12, `${what}: ${got}, not ${expected}`)
}
