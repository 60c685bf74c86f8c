/**
 * Decoding step by step equals one masked pass over the whole sequence (docs/method.md, Properties 13 and 17): the same
 * logits at every position and the same death times, for every cache, alone and in ragged batches, however prompts
 * are cut.
 */
import * as assert from 'uvu/assert'
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import { goldenRequests, goldenTensors, openBundled, openMicro, requestOf } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { ADAPTIVE, assertSame, stepByStep, wholePass } from './decode-runs.js'

const micro = await openMicro()
const tiny = await openBundled('asp-tiny')

const ids = goldenTensors('micro/forward').words('input_ids')
/** Ragged: lengths of one page, more, and less. */
const MICRO = [40, 33, 9].map((length, b) => ids.slice(40 * b, 40 * b + length))
/** Real prompts: the longest, and one that ends while the longest is in its second chunk of 64. */
const prompts = goldenRequests().map((golden, doc) => requestOf(golden, doc).input)
const TINY = [95, 41].map((length) => prompts.find((tokens) => tokens.length === length) ?? prompts[0])

const PROMPTS = {
  whole: (length: number) => length,
  half: (length: number) => Math.ceil(length / 2),
  'first token': () => 1,
  'all but 8': (length: number) => length - 8,
}

/** Every kind of cache meets every way to cut a prompt. A second adapter does those that are `everywhere`. */
const CASES = CACHE_KINDS.flatMap(
  (cache) =>
    [
      { cache, chunk: 1, prompt: 'whole', everywhere: false },
      { cache, chunk: 7, prompt: 'half', everywhere: true },
      { cache, chunk: 64, prompt: 'whole', everywhere: false },
      { cache, chunk: 64, prompt: 'first token', everywhere: false },
    ] as const,
)

const REAL = CACHE_KINDS.flatMap((cache) =>
  [1, 7, 64, 128].map((chunk) => ({ cache, chunk, prompt: 'all but 8' as const })),
)

await onEachAdapter('decoding', (test, open) => {
  const second = open.adapter.kind === 'swiftshader'
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, micro)
  })
  test.after(() => engine.close())

  for (const { cache, chunk, prompt, everywhere } of CASES) {
    if (second && !everywhere) continue
    test(`${cache} cache, chunks of ${chunk}, prompt: ${prompt}`, async () => {
      for (const rule of [ADAPTIVE, { kind: 'keep-all' }, { kind: 'dense' }] as const) {
        const steps = await stepByStep(engine, MICRO, { rule, cache, chunk }, PROMPTS[prompt])
        assertSame(steps, await wholePass(engine, MICRO, rule))
      }
    })
  }

  for (const cache of second ? [] : CACHE_KINDS) {
    test(`${cache} cache: a sequence alone gives what it gives in a ragged batch`, async () => {
      const together = await stepByStep(engine, MICRO, { cache }, PROMPTS.half)
      for (const [slot, tokens] of MICRO.entries()) {
        const alone = await stepByStep(engine, [tokens], { cache }, PROMPTS.half)
        const worst = largestDifference(alone.logits[0], together.logits[slot])
        assert.ok(worst < 1e-5, `off by ${worst}`)
        assert.equal(
          alone.deaths.map(([times]) => times),
          together.deaths.map((layer) => layer[slot]),
        )
      }
    })
  }

  test('real prompts on the bundled checkpoint', async () => {
    const real = await openEngine(open, tiny)
    const whole = await wholePass(real, TINY, ADAPTIVE)
    for (const { cache, chunk, prompt } of second ? REAL.slice(0, 1) : REAL) {
      assertSame(await stepByStep(real, TINY, { cache, chunk }, PROMPTS[prompt]), whole)
    }
    for (const cache of second ? [] : CACHE_KINDS) {
      const [longest] = TINY
      const first = {
        logits: whole.logits.slice(0, 1),
        deaths: whole.deaths.map((layer) => layer.slice(0, 1)),
      }
      assertSame(await stepByStep(real, [longest], { cache }, PROMPTS['all but 8']), first)
    }
    real.close()
  })
})
