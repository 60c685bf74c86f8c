/** Laws that hold whatever the weights are (docs/method.md, Properties 5, 8 to 11 and 17). */
import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { causalPairs, countDrops } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import type { TensorSource } from '../../src/engine/tensor-source.js'
import { goldenTensors, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { readWeights } from '../reference/weights.js'
import { packWhole, tokensOf, V } from './sequences.js'

const [N, L] = [40, 3]
const golden = goldenTensors('micro/forward')
const checkpoint = await openMicro()
const { config } = checkpoint
if (config.interaction === null) throw new Error('the micro model has interaction weights')
const deepConfig = { ...config, interaction: { ...config.interaction, propagateInDepth: true } }
const patientConfig = { ...config, interaction: { ...config.interaction, grace: 6 } }
const weights = await readWeights(checkpoint.tensors)

/** Drop scores a thousand times as large, which come to the same decisions: hardly any lies in a band around 0. */
const steepWeights = new Map(
  [...weights].map(([name, values]) => [
    name,
    /q_int|int_bias/.test(name) ? values.map((value) => 1000 * value) : values,
  ]),
)
const steepTensors: TensorSource = new Map(
  [...checkpoint.tensors].map(([name, tensor]) => {
    const values = steepWeights.get(name) ?? new Float32Array()
    return [name, { ...tensor, read: async () => new Uint8Array(values.buffer) }]
  }),
)

/** What a promise fails with; nothing when it does not. */
const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => '',
    (error: Error) => error.message,
  )

const OWN: DropRule = { kind: 'adaptive', shift: 0 }

await onEachAdapter('properties', (test, open) => {
  let engine: Engine
  let deep: Engine
  test.before(async () => {
    engine = await openEngine(open, checkpoint)
    deep = await openEngine(open, { ...checkpoint, config: deepConfig })
  })
  test.after(() => {
    engine.close()
    deep.close()
  })

  async function run(on: Engine, sequences: readonly Uint32Array[], rule: DropRule) {
    const { logits, deaths } = await on.logits(packWhole(on, sequences), rule)
    if (deaths === null) throw new Error('nothing could be dropped')
    return { logits, deaths }
  }

  // First, so that buffers are made anew while earlier batches are on their way.
  test('batches handed over together give what they give one by one', async () => {
    const batches = [9, 30, 2, 48, 17].map((length, i) =>
      packWhole(engine, [tokensOf(length, i), tokensOf(length, 9)]),
    )
    const together = await Promise.all(batches.map((batch) => engine.score(batch, OWN)))
    const times = await Promise.all(
      batches.map((batch) => engine.deathTimes(batch, { kind: 'adaptive', shift: 0 })),
    )
    const again = await Promise.all(batches.map((batch) => engine.score(batch, OWN)))
    for (const [i, batch] of batches.entries()) {
      const { logprobs, greedy, deaths } = await engine.score(batch, OWN)
      for (const result of [together[i], again[i]]) {
        assert.equal(result.logprobs, logprobs, `batch ${i}`)
        assert.equal(result.greedy, greedy, `batch ${i}`)
        assert.equal(result.deaths, deaths, `batch ${i}`)
      }
      assert.equal(times[i], deaths, `batch ${i}, death times`)
    }
    const { activations } = engine.ledger()
    // Of the largest batch only; buffers are rounded up, and the uniforms come on top.
    assert.ok(
      activations.bytes <= engine.batchBytes(batches[3]) + 8192,
      'buffers of earlier batches are kept',
    )
  })

  test('5, 11: death times are the cumulative AND of the keep decisions; counts are those of the mask', async () => {
    const ids = golden.words('input_ids')
    const sequences = [0, 1, 2].map((b) => ids.subarray(b * N, (b + 1) * N))
    const { deaths } = await run(engine, sequences, OWN)
    const mask = golden.floats('alpha_inf.I')
    for (let l = 0; l < L; l++) {
      for (let b = 0; b < 3; b++) {
        let removed = 0
        let kept = 0
        for (let j = 0; j < N; j++) {
          const death = deaths[l][b][j]
          assert.ok(death > j)
          for (let k = j; k < N; k++) {
            const visible = k < death
            assert.is(visible, mask[((l * 3 + b) * N + k) * N + j] === 1, `layer ${l}, query ${k}, key ${j}`)
            if (!visible) removed++
            else if (k === N - 1) kept++
          }
        }
        assert.equal(countDrops(deaths[l][b]), { removed, kept })
        assert.ok(removed > 0 && removed < causalPairs(N))
      }
    }
  })

  test('8: an engine that keeps everything gives the bits of the dense model', async () => {
    const sequences = [tokensOf(33, 1), tokensOf(7, 2)]
    const batch = packWhole(engine, sequences)
    const rule: DropRule = { kind: 'keep-all' }
    const [dense, keeping] = [await engine.score(batch, { kind: 'dense' }), await engine.score(batch, rule)]
    assert.equal(keeping.logprobs, dense.logprobs)
    assert.equal(keeping.greedy, dense.greedy)
    assert.ok(keeping.deaths?.length === L)
    for (const times of keeping.deaths.flat()) {
      assert.equal(countDrops(times), { removed: 0, kept: times.length })
    }
    const logits = await engine.logits(batch, { kind: 'dense' })
    assert.equal((await engine.logits(batch, rule)).logits, logits.logits)
    const pruned = await engine.logits(batch, OWN)
    assert.ok(largestDifference(pruned.logits, logits.logits) > 0.1, 'the threshold of its own drops nothing')
  })

  test('8: a checkpoint without interaction weights is the dense model', async () => {
    const plain = await openEngine(open, { ...checkpoint, config: { ...config, interaction: null } })
    const batch = packWhole(engine, [tokensOf(19, 3)])
    const bare = await plain.score(batch, { kind: 'dense' })
    assert.equal(bare.logprobs, (await engine.score(batch, { kind: 'dense' })).logprobs)
    let message = ''
    await plain.score(batch, OWN).catch((error: Error) => {
      message = error.message
    })
    assert.match(message, /interaction weights/)
    // What was refused does not stand in the way of the next batch.
    assert.equal((await plain.score(batch, { kind: 'dense' })).logprobs, bare.logprobs)
    plain.close()
  })

  for (const shift of [0, 0.5]) {
    test(`10: a prefix dies as the whole did, and sees nothing of the rest (shift ${shift})`, async () => {
      const rule: DropRule = { kind: 'adaptive', shift }
      for (const on of [engine, deep]) {
        const whole = await run(on, [tokensOf(48, 4)], rule)
        for (const n of [1, 2, 17, 39]) {
          const prefix = await run(on, [tokensOf(48, 4).subarray(0, n)], rule)
          for (let l = 0; l < L; l++) {
            const expected = [...whole.deaths[l][0].subarray(0, n)].map((death) =>
              death < n ? death : NEVER,
            )
            assert.equal([...prefix.deaths[l][0]], expected, `${n} tokens, layer ${l}`)
          }
          const worst = largestDifference(prefix.logits, whole.logits.subarray(0, n * V))
          assert.ok(worst < 1e-5, `${n} tokens: off by ${worst}`)
        }
      }
    })
  }

  for (const [name, shift] of [
    ['own threshold', 0],
    ['shifted down', -0.3],
    ['shifted up', 1],
  ] as const) {
    test(`10: what is dropped stays dropped in later layers, as in plain loops (${name})`, async () => {
      const tokens = tokensOf(45, 5)
      const { logits, deaths } = await run(deep, [tokens], { kind: 'adaptive', shift })
      for (let l = 1; l < L; l++) {
        deaths[l][0].forEach((death, j) => {
          assert.ok(death <= deaths[l - 1][0][j], `layer ${l}, key ${j}`)
        })
      }
      const expected = gpt2Reference(deepConfig, weights, tokens, shift)
      assert.ok(expected.margin > 2e-5, `too near a tie to tell: ${expected.margin}`)
      assert.equal(
        deaths.map(([times]) => times),
        expected.deaths,
      )
      assert.ok(largestDifference(logits, expected.logits) < 1e-4)
      const free = await run(engine, [tokens], { kind: 'adaptive', shift })
      assert.ok(free.deaths.some(([times], l) => largestDifference(times, deaths[l][0]) > 0))
    })
  }

  test('within its grace no key is dropped, after it by the first query that would, as in plain loops', async () => {
    const patient = await openEngine(open, { ...checkpoint, config: patientConfig })
    const tokens = tokensOf(45, 5)
    const { logits, deaths } = await run(patient, [tokens], OWN)
    const hasty = await run(engine, [tokens], OWN)
    patient.close()
    const expected = gpt2Reference(patientConfig, weights, tokens, 0)
    assert.ok(expected.margin > 2e-5, `too near a tie to tell: ${expected.margin}`)
    assert.equal(
      deaths.map(([times]) => times),
      expected.deaths,
    )
    assert.ok(largestDifference(logits, expected.logits) < 1e-4)
    const ages = (from: typeof deaths): number[] =>
      from.flatMap(([times]) => [...times].flatMap((death, j) => (death === NEVER ? [] : [death - j])))
    assert.ok(Math.min(...ages(hasty.deaths)) < 6, 'nothing would be dropped within the grace')
    assert.is(Math.min(...ages(deaths)), 7)
  })

  test('5, 9: with no score in its band, the soft rule is the hard one', async () => {
    for (const [name, from] of [
      ['each layer for itself', config],
      ['a drop lasts in later layers', deepConfig],
      ['a grace', patientConfig],
    ] as const) {
      const steep = await openEngine(open, { config: from, tensors: steepTensors })
      const tokens = tokensOf(45, 3)
      const { margin } = gpt2Reference(from, steepWeights, tokens, 0)
      assert.ok(margin > 1 / 7, `${name}: a score of ${margin}`)
      const batch = packWhole(steep, [tokens])
      const hard = await steep.logits(batch, OWN)
      const soft = await steep.logits(batch, { kind: 'soft', alpha: 8, shift: 0 })
      const worst = largestDifference(soft.logits, hard.logits)
      assert.ok(worst < 1e-5, `${name}: off by ${worst}`)
      const kept = hard.deaths?.map(([times]) => 1 - countDrops(times).removed / causalPairs(45)) ?? []
      const keep = soft.keep?.map(([mean]) => mean) ?? []
      assert.ok(largestDifference(keep, kept) < 1e-6, `${name}: keeps ${keep}, not ${kept}`)
      assert.ok(
        kept.every((share) => share < (from === patientConfig ? 0.7 : 0.5)),
        'next to nothing was dropped',
      )
      steep.close()
    }
  })

  test('a soft rule that keeps everything is the dense model, and says what it cannot do', async () => {
    const rule: DropRule = { kind: 'soft', alpha: 1.5, shift: 1000 }
    const batch = packWhole(engine, [tokensOf(45, 3), tokensOf(7, 2)])
    const [dense, soft] = [await engine.logits(batch, { kind: 'dense' }), await engine.logits(batch, rule)]
    assert.ok(largestDifference(soft.logits, dense.logits) < 1e-6)
    assert.equal(
      soft.keep?.map((layer) => [...layer]),
      new Array(L).fill([1, 1]),
    )
    const branched = packBatch(
      [
        { tokens: [1, 2], trunk: null },
        { tokens: [3], trunk: 0 },
      ],
      [{ segment: 1, row: 0, token: 4 }],
      engine.tiles,
    )
    assert.match(await faultOf(engine.score(branched, rule)), /branches are not supported/)
    const pairs = open.device.limits.maxStorageBufferBindingSize / 4
    const huge = packBatch(
      [{ tokens: new Uint32Array(Math.sqrt(pairs) + 1), trunk: null }],
      [{ segment: 0, row: 0, token: 4 }],
      engine.tiles,
    )
    assert.match(await faultOf(engine.score(huge, rule)), /pairs of query and key in one batch/)
    const plain = await openEngine(open, { ...checkpoint, config: { ...config, interaction: null } })
    assert.match(await faultOf(plain.score(batch, rule)), /interaction weights/)
    plain.close()
  })

  test('a larger shift keeps every key of the first layer at least as long', async () => {
    let before = new Uint32Array(48)
    for (const shift of [-3, -1, -0.2, 0, 0.2, 1, 3]) {
      const [[deaths]] = await engine.deathTimes(packWhole(engine, [tokensOf(48, 6)]), {
        kind: 'adaptive',
        shift,
      })
      assert.ok(deaths.every((death, j) => death >= before[j]))
      before = deaths.slice()
    }
  })

  test('17: a ragged batch gives what its sequences give alone', async () => {
    const sequences = [1, 48, 7, 2, 33, 41, 1].map((length, i) => tokensOf(length, i + 7))
    for (const rule of [OWN, { kind: 'dense' } as const]) {
      const together = await engine.logits(packWhole(engine, sequences), rule)
      let row = 0
      for (const [i, tokens] of sequences.entries()) {
        const alone = await engine.logits(packWhole(engine, [tokens]), rule)
        const end = row + tokens.length
        const worst = largestDifference(together.logits.subarray(row * V, end * V), alone.logits)
        assert.ok(worst < 1e-5, `sequence ${i}: off by ${worst}`)
        if (together.deaths !== null) {
          assert.equal(
            together.deaths.map((layer) => layer[i]),
            alone.deaths?.map(([times]) => times),
          )
        }
        row = end
      }
    }
  })
})
