/**
 * One build gives the same bits with any number of threads and whatever else is in a batch: scoring, decoding, training. Two
 * builds may differ in last bits only.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCpu } from '../../../src/device/open-cpu.js'
import { type Batch, packBatch } from '../../../src/engine/batch.js'
import type { Build } from '../../../src/engine/cpu/module.js'
import { hasRelaxedSimd } from '../../../src/engine/cpu/module.js'
import { CACHE_KINDS, type DecoderOptions, type Sampling } from '../../../src/engine/decode/types.js'
import type { Engine } from '../../../src/engine/engine.js'
import { AS_GPT2, type GateConfig, type Gpt2Config } from '../../../src/engine/gpt2/config.js'
import type { WeightDtype } from '../../../src/engine/matmul.js'
import type { DropRule } from '../../../src/engine/rules.js'
import { Trainer } from '../../../src/engine/train/trainer.js'
import type { TrainRule } from '../../../src/engine/train/types.js'
import { openEngine } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { ADAPTIVE, OPTIONS } from '../decode-runs.js'
import { randomWeights, tensorsOf } from '../train/small-model.js'

/** No extent is a multiple of any tile but the width of heads, and all of them are more than two tiles. */
const config: Gpt2Config = {
  vocabSize: 1009,
  nPositions: 330,
  nEmbd: 192,
  nLayer: 2,
  nHead: 3,
  nInner: 388,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: { dim: 20, propagateInDepth: false, grace: 0 },
}
const V = config.vocabSize
/** Drop scores around 0: a good part of the keys dies. */
const weights = new Map(
  [...randomWeights(config, { seed: 4, spread: 0.5, beta: 0.6 })].map(([name, values]) => [
    name,
    /ln_|int/.test(name) ? values : values.map((value) => 0.15 * value),
  ]),
)
const checkpoint = { config, tensors: tensorsOf(weights) }

const tokensOf = (length: number, seed: number): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => (i * i * 7 + i * 131 * seed + 5 * seed) % V)
const SEQUENCES = [301, 1, 64, 130, 7].map(tokensOf)

const RULES: [string, DropRule][] = [
  ['dense', { kind: 'dense' }],
  ['adaptive', ADAPTIVE],
  ['soft', { kind: 'soft', alpha: 1.5, shift: 0 }],
  ['tova', { kind: 'tova', size: 23 }],
  ['expected', { kind: 'expected', size: 40 }],
]

type Numbers = Float32Array | Float64Array | Uint32Array
/** What was found, by name. */
type Found = Map<string, Numbers>

const pack = (engine: Engine, sequences: readonly Uint32Array[]): Batch =>
  packBatch(
    sequences.map((tokens) => ({ tokens, trunk: null })),
    sequences.flatMap((tokens, segment) => Array.from(tokens, (token, row) => ({ segment, row, token }))),
    engine.tiles,
  )

/** Scores, logits and what was dropped under a rule. */
async function scored(engine: Engine, sequences: readonly Uint32Array[], rule: DropRule): Promise<Found> {
  const { logprobs, greedy } = await engine.score(pack(engine, sequences), rule)
  const { logits, deaths, keep } = await engine.logits(pack(engine, sequences), rule)
  const found: Found = new Map<string, Numbers>([
    ['logprobs', Float64Array.from(logprobs)],
    ['greedy', Uint32Array.from(greedy)],
    ['logits', logits],
  ])
  deaths?.forEach((layer, l) => {
    layer.forEach((times, i) => {
      found.set(`deaths ${l} ${i}`, times)
    })
  })
  keep?.forEach((layer, l) => {
    found.set(`keep ${l}`, Float64Array.from(layer))
  })
  return found
}

const SAMPLED: Sampling = { temperature: 1.2, topK: 40, topP: 0.97, seed: 5 }
/** Attention of single rows cuts the longest into two parts. */
const PROMPTS = [150, 3, 41].map(tokensOf)
const STEPS = 20

/**
 * Prompts in chunks, then steps that drop; `slots` of them only. A prompt has chunks of its own, as rows that have died move
 * together after each.
 */
async function decoded(
  engine: Engine,
  options: Partial<DecoderOptions>,
  slots: readonly number[],
): Promise<Found> {
  const decoder = await engine.decoder({
    ...OPTIONS,
    ...options,
    slots: PROMPTS.length,
    chunk: 32,
    logits: true,
  })
  const found: Found = new Map()
  for (const slot of slots) await decoder.prefill([{ slot, tokens: PROMPTS[slot], sampling: SAMPLED }])
  for (let step = 0; step < STEPS; step++) {
    const { tokens, logits } = await decoder.decode(slots, 1)
    slots.forEach((slot, i) => {
      found.set(`step ${step}, slot ${slot}: token`, tokens.slice(i, i + 1))
      found.set(`step ${step}, slot ${slot}: logits`, logits?.slice(i * V, (i + 1) * V) ?? new Float32Array())
    })
  }
  const deaths = await decoder.deaths()
  for (const [l, layer] of deaths.entries())
    for (const slot of slots) found.set(`deaths ${l}, slot ${slot}`, layer[slot])
  decoder.close()
  return found
}

/** The same model with gates in place of interaction weights. */
function gated(gate: GateConfig) {
  const own = { ...config, interaction: null, gate }
  const drawn = randomWeights(own, { seed: 4, spread: 0.5, beta: 0.6 })
  const all = [...drawn].map(
    ([name, values]) => [name, weights.get(name) ?? values.map((v) => 0.1 * v)] as const,
  )
  return { config: own, tensors: tensorsOf(new Map(all)) }
}

const TAUGHT: [TrainRule, Pick<typeof checkpoint, 'tensors'> & { config: Gpt2Config }][] = [
  [{ kind: 'adaptive' }, checkpoint],
  [{ kind: 'kvzap' }, gated({ method: 'kvzap', window: 9, threshold: -4 })],
  [{ kind: 'trimkv' }, gated({ method: 'trimkv' })],
]

/** Weights, moments and losses after some steps of two micro-batches, with a teacher. */
async function trained(
  open: Awaited<ReturnType<typeof openCpu>>,
  [rule, taught]: (typeof TAUGHT)[number],
): Promise<Found> {
  const [B, T] = [2, 108]
  const trainer = await Trainer.open(taught.config, taught.tensors, {
    ...open,
    rule,
    tokens: T,
    sequences: B,
    trainable: rule.kind === 'kvzap' ? 'interaction' : 'all',
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, clip: 1 },
    recompute: false,
    ...(rule.kind === 'kvzap' ? {} : { teacher: checkpoint }),
  })
  const found: Found = new Map()
  for (let step = 0; step < 3; step++) {
    const { loss, gradientNorm, pairMeans } = await trainer.step({
      step,
      alpha: 1.5 + step,
      rate: 1e-3,
      gamma: 0.3,
      distill: 0.5,
      batches: [2 * step, 2 * step + 1].map((seed) => ({ tokens: tokensOf(B * T, seed) })),
    })
    found.set(`step ${step}`, Float64Array.of(loss, gradientNorm, ...(pairMeans ?? [])))
  }
  for (const [kind, tensors] of Object.entries(await trainer.state()))
    for (const [name, { values }] of tensors) found.set(`${kind} ${name}`, values)
  trainer.close()
  return found
}

function assertSame(got: Found, wanted: Found, what: string): void {
  assert.equal([...got.keys()], [...wanted.keys()])
  for (const [name, values] of wanted) {
    const other = got.get(name) as Numbers
    // Compared as bits: a NaN here would be equal to itself.
    const bytes = (of: Numbers): Buffer => Buffer.from(of.buffer, of.byteOffset, of.byteLength)
    if (bytes(other).equals(bytes(values))) continue
    const at = values.findIndex((value, i) => !Object.is(value, other[i]))
    assert.unreachable(`${what}, ${name}: ${other[at]} at ${at}, not ${values[at]}`)
  }
}

const THREADS = [1, 2, 4]
const BUILDS: Build[] = hasRelaxedSimd() ? ['simd', 'relaxed'] : ['simd']

// All at once: uvu starts over when a suite is added after the first ones have begun.
const devices = await Promise.all(
  BUILDS.map((build) => Promise.all(THREADS.map((threads) => openCpu({ threads, build })))),
)
for (const [i, build] of BUILDS.entries()) {
  const opened = devices[i]
  const test = suite(`threads, ${build} build`)
  test.after(() => {
    for (const { close } of opened) close()
  })

  async function withOne(
    open: (typeof opened)[number],
    dtype: WeightDtype,
    work: (engine: Engine) => Promise<Found>,
  ): Promise<Found> {
    const engine = await openEngine(open, checkpoint, dtype)
    try {
      return await work(engine)
    } finally {
      engine.close()
    }
  }

  /** For what is done alone, to be compared with what all of them did together. */
  const withTwo = (dtype: WeightDtype, work: (engine: Engine) => Promise<Found>): Promise<Found> =>
    withOne(opened[1], dtype, work)

  /** The same work with each number of threads gives the same bits; gives what the first found. */
  async function withAll(dtype: WeightDtype, work: (engine: Engine) => Promise<Found>): Promise<Found> {
    const found: Found[] = []
    for (const open of opened) found.push(await withOne(open, dtype, work))
    for (const [i, other] of found.entries()) assertSame(other, found[0], `${THREADS[i]} threads`)
    return found[0]
  }

  for (const [name, rule] of RULES) {
    for (const dtype of name === 'adaptive' ? (['f32', 'f16'] as const) : (['f32'] as const)) {
      test(`${name}, ${dtype}: a batch, and its sequences alone`, async () => {
        const all = await withAll(dtype, (engine) => scored(engine, SEQUENCES, rule))
        const logits = all.get('logits') ?? new Float32Array()
        assert.ok(logits.every(Number.isFinite))
        let row = 0
        for (const [i, tokens] of SEQUENCES.entries()) {
          const alone = await withTwo(dtype, (engine) => scored(engine, [tokens], rule))
          const rows = row + tokens.length
          assertSame(
            new Map([['logits', alone.get('logits') ?? new Float32Array()]]),
            new Map([['logits', logits.slice(row * V, rows * V)]]),
            `sequence ${i} alone`,
          )
          for (let l = 0; l < config.nLayer; l++)
            assert.equal(alone.get(`deaths ${l} 0`), all.get(`deaths ${l} ${i}`), `layer ${l}, sequence ${i}`)
          row = rows
        }
      })
    }
  }

  for (const cache of CACHE_KINDS) {
    for (const cacheDtype of ['f32', 'f16'] as const) {
      test(`decoding, ${cache} cache, ${cacheDtype}: slots together, and each alone`, async () => {
        const together = await withAll(cacheDtype, (engine) =>
          decoded(engine, { cache, cacheDtype }, [0, 1, 2]),
        )
        const dead = together.get('deaths 0, slot 0')?.filter((time) => time <= PROMPTS[0].length + STEPS)
        assert.ok((dead?.length ?? 0) > 10, `${dead?.length} died`)
        // Slots are as many for every slot, and close up when all of them together have many holes.
        if (cache === 'slots') return
        for (const slot of [0, 1, 2]) {
          const alone = await withTwo(cacheDtype, (engine) => decoded(engine, { cache, cacheDtype }, [slot]))
          const own = [...together].filter(([name]) => alone.has(name))
          assertSame(alone, new Map(own), `slot ${slot} alone`)
        }
      })
    }
  }

  test('decoding under a policy that evicts', async () => {
    const rule = { kind: 'h2o', size: 24 } as const
    await withAll('f32', (engine) => decoded(engine, { rule }, [0, 1, 2]))
  })

  for (const taught of TAUGHT) {
    test(`steps of training, ${taught[0].kind}: losses, weights and moments`, async () => {
      const found: Found[] = []
      for (const open of opened) found.push(await trained(open, taught))
      for (const [i, other] of found.entries()) assertSame(other, found[0], `${THREADS[i]} threads`)
      assert.ok([...found[0].values()].every((values) => values.every(Number.isFinite)))
    })
  }

  test.run()
}

const builds = suite('builds of the kernels')
if (BUILDS.length > 1) {
  builds('agree but for last bits', async () => {
    const logits: Numbers[] = []
    for (const build of BUILDS) {
      const open = await openCpu({ build })
      const engine = await openEngine(open, checkpoint)
      logits.push((await scored(engine, SEQUENCES, { kind: 'dense' })).get('logits') ?? new Float32Array())
      open.close()
    }
    const worst = largestDifference(logits[0], logits[1])
    assert.ok(worst > 0 && worst < 1e-4, `off by ${worst}`)
  })
} else builds.skip(`Node ${process.versions.node} runs the plain build only: no relaxed SIMD`)
builds.run()
