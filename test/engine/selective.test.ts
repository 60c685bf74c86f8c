/**
 * Selective attention (docs/method.md, Selective attention): logits and death times are those of PyTorch in float64, whatever else is in
 * a batch, and decoding gives the same, for every cache and however prompts are cut (Properties 13).
 */
import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import { goldenTensors, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { forwardReference } from '../reference/train/forward.js'
import { SHIFTS, type Shift, selectiveDeaths, selectiveLogits } from '../selective-golden.js'
import { assertSame, stepByStep, wholePass } from './decode-runs.js'
import { caseOf, MODELS, tensorsOf, weightsOf } from './head-models.js'

const [B, T, V] = [3, 40, 97]
const micro = await openMicro()
const selective = { tensors: micro.tensors, config: { ...micro.config, interaction: null, selective: true } }
const ids = goldenTensors('micro/forward').words('input_ids')
const SEQUENCES = Array.from({ length: B }, (_, b) => ids.slice(b * T, (b + 1) * T))
const RAGGED = [40, 33, 9].map((length, b) => SEQUENCES[b].slice(0, length))
const DENSE = { kind: 'dense' } as const
const at = (shift: number) => ({ kind: 'adaptive', shift }) as const

const half = (length: number): number => Math.ceil(length / 2)
const whole = (length: number): number => length
const first = (): number => 1

await onEachAdapter('selective attention', (test, open) => {
  const quick = open.adapter.kind !== 'cpu'
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, selective)
  })
  test.after(() => engine.close())

  test('undropped: the logits of PyTorch, whether decisions are computed or not', async () => {
    for (const rule of [DENSE, { kind: 'keep-all' } as const]) {
      const pass = await wholePass(engine, SEQUENCES, rule)
      const golden = selectiveLogits('undropped')
      for (const [b, logits] of pass.logits.entries()) {
        const worst = largestDifference(logits, golden.subarray(b * T * V, (b + 1) * T * V))
        assert.ok(worst < 1e-4, `${rule.kind}, sequence ${b}: off by ${worst}`)
      }
      assert.ok(pass.deaths.flat().every((times) => times.every((time) => time === NEVER)))
    }
  })

  for (const [name, shift] of Object.entries(SHIFTS)) {
    test(`shift ${name}: the logits and death times of PyTorch`, async () => {
      const pass = await wholePass(engine, SEQUENCES, at(shift))
      const golden = selectiveLogits(name as Shift)
      for (const [b, logits] of pass.logits.entries()) {
        const worst = largestDifference(logits, golden.subarray(b * T * V, (b + 1) * T * V))
        assert.ok(worst < 1e-4, `sequence ${b}: off by ${worst}`)
      }
      const times = pass.deaths.flatMap((layer) => layer.flatMap((own) => [...own]))
      assert.equal(times, [...selectiveDeaths(name as Shift)])
      const died = times.filter((time) => time !== NEVER).length
      assert.ok(died > 0.3 * times.length && died < 0.9 * times.length, `${died} keys die`)
      const batch = packBatch(
        SEQUENCES.map((tokens) => ({ tokens, trunk: null })),
        [],
        engine.tiles,
      )
      assert.equal(await engine.deathTimes(batch, at(shift)), pass.deaths)
    })
  }

  test('under the lowest threshold a key dies once anything was selected of it, the first one never', async () => {
    const { deaths } = await wholePass(engine, SEQUENCES, at(-1e4))
    const later = await wholePass(engine, SEQUENCES, at(0))
    for (const [l, layer] of deaths.entries()) {
      for (const [b, times] of layer.entries()) {
        assert.is(times[0], NEVER)
        // A query hides nothing from itself.
        assert.ok(times.every((time, j) => time >= j + 2))
        // Later layers read what the first has dropped.
        if (l === 0) assert.ok(times.every((time, j) => time <= later.deaths[l][b][j]))
        assert.ok(times.some((time, j) => time === j + 2))
      }
    }
  })

  test('a sequence gives the same bits alone and in a ragged batch, in one pass and in steps', async () => {
    const rule = at(0)
    const together = await wholePass(engine, RAGGED, rule)
    // Prompts are cut by what else is read; single tokens are not.
    const steps = await stepByStep(engine, RAGGED, { rule }, first)
    for (const s of quick ? [1] : RAGGED.keys()) {
      const alone = await wholePass(engine, [RAGGED[s]], rule)
      assert.equal(together.logits[s], alone.logits[0])
      assert.equal(
        together.deaths.map((layer) => layer[s]),
        alone.deaths.map((layer) => layer[0]),
      )
      const stepped = await stepByStep(engine, [RAGGED[s]], { rule }, first)
      assert.equal(steps.logits[s], stepped.logits[0])
    }
  })

  test('a branch gives what its whole sequence gives alone', async () => {
    const [trunk, tail] = [SEQUENCES[0].slice(0, 17), SEQUENCES[0].slice(17)]
    const segments = [
      { tokens: SEQUENCES[1].slice(0, 9), trunk: null },
      { tokens: trunk, trunk: null },
      { tokens: SEQUENCES[2].slice(0, 5), trunk: 1 },
      { tokens: tail, trunk: 1 },
      { tokens: SEQUENCES[0], trunk: null },
    ]
    const targets = [...tail].flatMap((token, row) => [
      { segment: 3, row, token },
      { segment: 4, row: row + 17, token },
    ])
    for (const rule of [DENSE, at(0)]) {
      const batch = packBatch(segments, targets, engine.tiles)
      const { logits, deaths } = await engine.logits(batch, rule)
      const branch = logits.subarray(0, tail.length * V)
      const alone = logits.subarray(tail.length * V)
      const worst = largestDifference(branch, alone)
      assert.ok(worst < 2e-5, `${rule.kind}: off by ${worst}`)
      for (const layer of deaths ?? []) assert.equal(layer[3], layer[4])
    }
  })

  const decoded = [
    ['shift 0', at(0)],
    ['shift 1', at(1)],
    ['undropped', DENSE],
  ] as const satisfies readonly (readonly [string, DropRule])[]
  for (const [name, rule] of quick ? decoded.slice(0, 1) : decoded) {
    test(`${name}: steps give what one pass gives`, async () => {
      const pass = await wholePass(engine, RAGGED, rule)
      for (const cache of quick ? (['paged'] as const) : CACHE_KINDS) {
        assertSame(await stepByStep(engine, RAGGED, { rule, cache, chunk: 7 }, half), pass)
      }
      for (const [chunk, prompt] of [
        [1, half],
        [64, whole],
        [64, first],
      ] as const) {
        if (quick && prompt !== whole) continue
        assertSame(await stepByStep(engine, RAGGED, { rule, chunk }, prompt), pass)
      }
    })
  }

  // Software drivers take seconds to compile another kernel.
  const onProcessor = quick ? test.skip : test
  onProcessor('keys and values in halves leave decisions as they are', async () => {
    const pass = await wholePass(engine, RAGGED, at(0))
    const steps = await stepByStep(engine, RAGGED, { rule: at(0), cacheDtype: 'f16', chunk: 7 }, half)
    // Of the first layer: later ones read what halves have rounded.
    assert.equal(steps.deaths[0], pass.deaths[0])
    const worst = Math.max(...steps.logits.map((logits, s) => largestDifference(logits, pass.logits[s])))
    assert.ok(worst < 0.05, `off by ${worst}`)
  })

  for (const model of MODELS.filter(({ width }) => width === 48 || width === 128)) {
    onProcessor(`heads of ${model.width}: the logits of the plain loops`, async () => {
      const weights = weightsOf(model)
      const config = { ...model.config, selective: true }
      const { sequences } = caseOf(model)
      const own = await openEngine(open, { config, tensors: tensorsOf(weights) })
      const pass = await wholePass(own, sequences, DENSE)
      const steps = await stepByStep(own, sequences, { rule: DENSE, chunk: 7 }, half)
      own.close()
      assertSame(steps, pass)
      const numbers = new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]))
      for (const [s, tokens] of sequences.entries()) {
        const inputs = { rule: { kind: 'selective' } as const, tokens, T: tokens.length, alpha: 2 }
        const worst = largestDifference(pass.logits[s], forwardReference(config, numbers, inputs).logits)
        assert.ok(worst < 1e-4, `sequence ${s}: off by ${worst}`)
      }
    })
  }

  test('policies that know nothing of it are refused', async () => {
    const rule = { kind: 'h2o', size: 8 } as const
    for (const run of [
      () => wholePass(engine, RAGGED, rule),
      () => stepByStep(engine, RAGGED, { rule }, half),
    ]) {
      const refusal = await run().then(
        () => 'none',
        ({ message }) => message,
      )
      assert.match(refusal, /h2o: does not go together with selective attention/)
    }
  })
})
