/**
 * Decoding step by step equals one masked pass over the whole sequence (method.md 5, properties 13, 16, 17): the same
 * logits at every position and the same death times, for every cache, in ragged batches, however prompts are cut.
 */
import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { type DecoderOptions, GREEDY } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/gpt2/forward.js'
import { goldenRequests, goldenTensors, openBundled, openMicro, requestOf } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'

const micro = await openMicro()
const tiny = await openBundled('asp-tiny')

const ids = goldenTensors('micro/forward').words('input_ids')
/** Ragged: lengths of one page, more, and less. */
const MICRO = [40, 33, 9].map((length, b) => ids.slice(40 * b, 40 * b + length))
const TINY = goldenRequests()
  .filter((_, index) => index % 9 === 0)
  .map((golden, doc) => requestOf(golden, doc).input)
  .sort((a, b) => b.length - a.length)
  .slice(0, 6)

const OPTIONS: DecoderOptions = {
  rule: { kind: 'adaptive', shift: 0 },
  cache: 'paged',
  cacheDtype: 'f32',
  places: 3,
  chunk: 64,
  logits: true,
}

/** One masked pass: logits (rows, V) of each sequence, and death times [layer][sequence]. */
async function wholePass(engine: Engine, sequences: readonly Uint32Array[], rule: DropRule) {
  const batch = packBatch(
    sequences.map((tokens) => ({ tokens, trunk: null })),
    sequences.flatMap((tokens, segment) => Array.from(tokens, (_, row) => ({ segment, row, token: 0 }))),
    engine.tiles,
  )
  const { logits, deaths } = await engine.logits(batch, rule)
  const V = engine.config.vocabSize
  let row = 0
  const bySequence = sequences.map(({ length }) => {
    row += length
    return logits.subarray((row - length) * V, row * V)
  })
  return { logits: bySequence, deaths }
}

/** The same by a decoder: `prompt` tokens of each sequence in chunks, the rest fed one by one. */
async function stepByStep(
  engine: Engine,
  sequences: readonly Uint32Array[],
  options: DecoderOptions,
  prompt: (length: number) => number,
) {
  const V = engine.config.vocabSize
  const decoder = await engine.decoder({ ...options, places: sequences.length })
  try {
    const prompts = sequences.map((tokens, place) => {
      const count = prompt(tokens.length)
      return { place, tokens: tokens.subarray(0, count), sampling: GREEDY, next: tokens[count] }
    })
    const first = await decoder.prefill(prompts)
    const logits = sequences.map(({ length }) => new Float32Array(length * V))
    let row = 0
    for (const { place, tokens } of prompts) {
      logits[place].set(first.logits?.subarray(row * V, (row + tokens.length) * V) ?? [])
      row += tokens.length
    }
    for (let at = Math.min(...prompts.map(({ tokens }) => tokens.length)); ; at++) {
      const places = prompts.flatMap(({ place, tokens }) =>
        at >= tokens.length && at < sequences[place].length ? [place] : [],
      )
      if (places.length === 0 && at >= Math.max(...sequences.map(({ length }) => length))) break
      if (places.length === 0) continue
      const forced = Uint32Array.from(places, (place) => sequences[place][at + 1] ?? 0)
      const step = await decoder.decode(places, 1, forced)
      places.forEach((place, i) => {
        logits[place].set(step.logits?.subarray(i * V, (i + 1) * V) ?? [], at * V)
      })
    }
    return { logits, deaths: await decoder.deaths(), usage: decoder.usage() }
  } finally {
    decoder.close()
  }
}

await onEachAdapter('decoding', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, micro)
  })
  test.after(() => engine.close())

  const CASES = [
    ...(['paged', 'mask'] as const).flatMap((cache) =>
      [1, 7, 64].map((chunk) => ({ cache, chunk, prompt: 'whole' as const })),
    ),
    ...(['paged', 'mask'] as const).map((cache) => ({ cache, chunk: 7, prompt: 'half' as const })),
    ...(['paged', 'mask'] as const).map((cache) => ({ cache, chunk: 64, prompt: 'first token' as const })),
  ]
  const PROMPTS = { whole: (n: number) => n, half: (n: number) => Math.ceil(n / 2), 'first token': () => 1 }

  for (const { cache, chunk, prompt } of CASES) {
    test(`${cache} cache, chunks of ${chunk}, prompt: ${prompt}`, async () => {
      for (const rule of [{ kind: 'adaptive', shift: 0 }, { kind: 'dense' }] as const) {
        const whole = await wholePass(engine, MICRO, rule)
        const steps = await stepByStep(engine, MICRO, { ...OPTIONS, rule, cache, chunk }, PROMPTS[prompt])
        MICRO.forEach((_, place) => {
          const worst = largestDifference(steps.logits[place], whole.logits[place])
          assert.ok(worst < 1e-4, `${rule.kind}, sequence ${place}: off by ${worst}`)
          for (let layer = 0; layer < 3; layer++) {
            const expected = whole.deaths?.[layer][place] ?? new Uint32Array(MICRO[place].length).fill(NEVER)
            assert.equal([...steps.deaths[layer][place]], [...expected], `layer ${layer}, place ${place}`)
            const alive = expected.filter((time) => time === NEVER).length
            assert.is(steps.usage.rows[layer][place], alive)
          }
        })
      }
    })
  }

  test('a sequence alone gives what it gives in a ragged batch', async () => {
    const together = await stepByStep(engine, MICRO, OPTIONS, PROMPTS.half)
    for (const [place, tokens] of MICRO.entries()) {
      const alone = await stepByStep(engine, [tokens], OPTIONS, PROMPTS.half)
      const worst = largestDifference(alone.logits[0], together.logits[place])
      assert.ok(worst < 1e-5, `off by ${worst}`)
      alone.deaths.forEach(([times], layer) => {
        assert.equal([...times], [...together.deaths[layer][place]])
      })
    }
  })

  test('real prompts on the bundled checkpoint', async () => {
    const real = await openEngine(open, tiny)
    const rule: DropRule = { kind: 'adaptive', shift: 0 }
    const whole = await wholePass(real, TINY, rule)
    const steps = await stepByStep(real, TINY, { ...OPTIONS, rule, chunk: 24 }, (n) => Math.max(1, n - 3))
    TINY.forEach((_, place) => {
      const worst = largestDifference(steps.logits[place], whole.logits[place])
      assert.ok(worst < 1e-4, `off by ${worst}`)
      steps.deaths.forEach((layer, l) => {
        assert.equal([...layer[place]], [...(whole.deaths?.[l][place] ?? [])])
      })
    })
    real.close()
  })
})
