/**
 * Models with gates, scored, decoded and trained: what torch gives for the same weights in double precision (scripts/make-gate-cases.py),
 * and decoding step by step drops what one pass drops.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { decodeSafetensors } from '../../src/data/safetensors.js'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import type { GateConfig, Gpt2Config } from '../../src/engine/gpt2/config.js'
import { Trainer } from '../../src/engine/train/trainer.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference, relativeDifference } from '../reference/compare.js'
import { ADAPTIVE, assertSame, stepByStep, wholePass } from './decode-runs.js'
import { MODELS, someOf, tensorsOf, weightsOf } from './head-models.js'
import { tokensOf } from './sequences.js'

const [MODEL] = MODELS
const GATES: GateConfig[] = [{ method: 'kvzap', window: 5, threshold: -1.1 }, { method: 'trimkv' }]
/** What the script has. */
const [GAMMA, SHIFTS] = [0.7, Float32Array.of(0.25, -0.5)]

function caseOf(gate: GateConfig) {
  const path = fileURLToPath(new URL(`../fixtures/gates/${gate.method}.safetensors`, import.meta.url))
  const tensors = decodeSafetensors(readFileSync(path))
  const bytes = (name: string): ArrayBuffer => new Uint8Array(tensors.get(name)?.bytes ?? []).buffer
  const floats = (name: string) => new Float32Array(bytes(name))
  const names = [...tensors.keys()]
  const [B, T] = tensors.get('tokens')?.shape ?? []
  const tokens = new Uint32Array(bytes('tokens'))
  const gates = names.filter((name) => name.startsWith('h.')).map((name) => [name, floats(name)] as const)
  const config: Gpt2Config = { ...MODEL.config, gate }
  return {
    ...{ config, T, B, tokens, loss: floats('loss')[0], logits: floats('logits') },
    weights: new Map([...weightsOf(MODEL), ...gates]),
    sequences: Array.from({ length: B }, (_, b) => tokens.slice(b * T, (b + 1) * T)),
    // -1, which is NEVER, where a key outlives its sequence.
    deaths: new Uint32Array(bytes('deaths')),
    gradients: new Map(
      names
        .flatMap((name) => /^gradient\.(.+)$/.exec(name)?.[1] ?? [])
        .map((name) => [name, { norm: floats(`norm.${name}`)[0], some: floats(`gradient.${name}`) }]),
    ),
  }
}

await onEachAdapter('gates', (test, open) => {
  const second = open.adapter.kind === 'swiftshader'
  const { device, lost, adapter } = open
  for (const gate of GATES) {
    const { config, weights, sequences, tokens, T, B, ...wanted } = caseOf(gate)
    const { vocabSize: V, nLayer: L } = config
    let engine: Engine | undefined
    const opened = async (): Promise<Engine> => {
      engine ??= await openEngine(open, { config, tensors: tensorsOf(weights) })
      return engine
    }

    test(`${gate.method}: a pass drops what torch drops, and its logits`, async () => {
      const got = await wholePass(await opened(), sequences, ADAPTIVE)
      for (let l = 0; l < L; l++) {
        for (let b = 0; b < B; b++) {
          const times = wanted.deaths.subarray((l * B + b) * T, (l * B + b + 1) * T)
          assert.equal([...got.deaths[l][b]], [...times], `layer ${l}, sequence ${b}`)
        }
      }
      assert.ok(wanted.deaths.some((time) => time !== NEVER))
      for (const [b, logits] of got.logits.entries()) {
        const off = largestDifference(logits, wanted.logits.subarray(b * T * V, (b + 1) * T * V))
        assert.ok(off < 1e-4, `off by ${off}`)
      }
    })

    test(`${gate.method}: steps drop what one pass drops, and rows leave`, async () => {
      const ragged = [41, 9, 20].map((length, seed) => tokensOf(length, seed))
      for (const shift of second ? [0] : [0, -0.7, 0.6]) {
        const rule = { kind: 'adaptive', shift } as const
        const whole = await wholePass(await opened(), ragged, rule)
        // A key that the next query does not see is gone already: a sequence longer by one tells which.
        const longer = await wholePass(
          await opened(),
          ragged.map((ids) => Uint32Array.of(...ids, 0)),
          rule,
        )
        const seen = new Map(
          whole.deaths.flatMap((layer, l) =>
            layer.map((times, s) => [
              times,
              longer.deaths[l][s].subarray(0, times.length).filter((time) => time === NEVER).length,
            ]),
          ),
        )
        const live = (times: Uint32Array): number => seen.get(times) ?? Number.NaN
        for (const cache of second ? (['paged'] as const) : CACHE_KINDS) {
          const half = (length: number): number => Math.ceil(length / 2)
          assertSame(await stepByStep(await opened(), ragged, { rule, cache, chunk: 7 }, half), whole, {
            live,
          })
        }
        if (second) continue
        for (const [chunk, prompt] of [
          [1, (length: number) => length],
          [64, (length: number) => length],
          [64, () => 1],
        ] as const) {
          assertSame(await stepByStep(await opened(), ragged, { rule, chunk }, prompt), whole, { live })
        }
      }
    })

    test(`${gate.method}: a branch drops what it would alone, and keeping all is the dense model`, async () => {
      const model = await opened()
      const ids = tokensOf(30, 5)
      const parts = [
        { tokens: ids.slice(0, 17), trunk: null },
        { tokens: ids.slice(17), trunk: 0 },
        { tokens: Uint32Array.of(3, 4), trunk: 0 },
      ]
      const batch = packBatch(parts, [], model.tiles)
      const branched = await model.deathTimes(batch, ADAPTIVE)
      const alone = await wholePass(model, [ids], ADAPTIVE)
      for (let l = 0; l < L; l++) assert.equal([...branched[l][1]], [...alone.deaths[l][0]])
      const dense = await wholePass(model, sequences, { kind: 'dense' })
      const kept = await wholePass(model, sequences, { kind: 'keep-all' })
      assert.ok(kept.deaths.flat().every((times) => times.every((time) => time === NEVER)))
      assert.equal(kept.logits, dense.logits)
    })

    for (const recompute of [false, true]) {
      test(`${gate.method}: loss and gradients are torch's${recompute ? ', recomputed' : ''}`, async () => {
        engine?.close()
        engine = undefined
        const all = gate.method === 'trimkv' && !recompute
        const trainer = await Trainer.open(config, tensorsOf(weights), {
          ...{ device, lost, adapter, rule: { kind: gate.method }, recompute },
          ...{ trainable: all ? 'all' : 'interaction', tokens: T, sequences: B },
          optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null },
        })
        try {
          const shifts = gate.method === 'trimkv' ? SHIFTS : undefined
          const { report, gradients } = await trainer.gradients({
            ...{ step: 0, alpha: 2, rate: 0, gamma: gate.method === 'trimkv' ? GAMMA : 0, distill: 0 },
            batches: [{ tokens, shifts }],
          })
          assert.ok(
            Math.abs(report.loss - wanted.loss) < 1e-5 * wanted.loss,
            `${report.loss}, not ${wanted.loss}`,
          )
          assert.is(report.pairMeans === null, gate.method === 'kvzap')
          const learned = [...wanted.gradients.keys()].filter((name) => all || name.includes('gate'))
          assert.equal([...gradients.keys()].sort(), learned.sort())
          for (const name of learned) {
            const { norm, some } = wanted.gradients.get(name) ?? { norm: Number.NaN, some: [] }
            const { values = new Float32Array() } = gradients.get(name) ?? {}
            const off = relativeDifference(someOf(values), some)
            assert.ok(off < 2e-3, `${name}: off by ${off}`)
            const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
            assert.ok(Math.abs(length - norm) < 2e-3 * norm, `${name}: norm ${length}, not ${norm}`)
          }
        } finally {
          trainer.close()
        }
      })
    }
  }
})
