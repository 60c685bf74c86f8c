/** What every case of test/fixtures/architectures is held to: its logits scored and decoded, its loss and gradients in training. */
import * as assert from 'uvu/assert'
import type { OpenDevice } from '../../../src/device/open.js'
import { packBatch } from '../../../src/engine/batch.js'
import { Trainer } from '../../../src/engine/train/trainer.js'
import { openEngine } from '../../gpu.js'
import { logsumexpReference } from '../../reference/logsumexp.js'
import { stepByStep } from '../decode-runs.js'
import { type ArchitectureCase, type Expected, expectedOf, openCase, sequencesOf } from './cases.js'

const DENSE = { kind: 'dense' } as const
/** Of logits that reach 14. */
const NEAR = 1e-4
/** Of a gradient, in parts of its norm. */
const NEAR_GRADIENT = 2e-3
/** Tokens of a sequence that takes no time. */
const SHORT = 64
const OPTIMISER = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null }

/** What a model is held to, by name: with the list of cases and the devices, every cell of a table of what is supported. */
export const TASKS = { score, decode, 'fine-tune': fineTune } as const

/** How far the kept logits are from what they must be; rows in the order of the batch. */
function furthest(
  row: (index: number) => Float32Array,
  { rows, columns }: ArchitectureCase,
  { logits }: Expected,
) {
  let worst = 0
  rows.forEach((index, i) => {
    const own = row(index)
    columns.forEach((column, j) => {
      worst = Math.max(worst, Math.abs(own[column] - logits[i * columns.length + j]))
    })
  })
  return worst
}

/** Logits of all rows, and that log-probabilities and greedy flags are those of the logits: every row of the table counts. */
async function score(open: OpenDevice, one: ArchitectureCase): Promise<number> {
  const expected = expectedOf(one)
  const V = Number(one.config.vocab_size)
  const engine = await openEngine(open, await openCase(one))
  try {
    const sequences = sequencesOf(one)
    const targets = one.rows.map((row, i) => ({
      segment: Math.floor(row / one.tokens),
      row: row % one.tokens,
      token: i % 2 === 0 ? expected.best[i] : one.columns[(31 * i) % one.columns.length],
    }))
    const batch = packBatch(
      sequences.map((tokens) => ({ tokens, trunk: null })),
      targets,
      engine.tiles,
    )
    const { logits } = await engine.logits(batch, DENSE)
    const rowOf = (index: number) => {
      const i = one.rows.indexOf(index)
      return logits.subarray(i * V, (i + 1) * V)
    }
    const worst = furthest(rowOf, one, expected)
    assert.ok(worst < NEAR, `off by ${worst}`)
    // Of a long sequence its beginning: passes take a while, and rows are scored alike.
    const near = targets.filter(({ row }) => row < SHORT)
    const beginnings = sequences.map((tokens) => ({ tokens: tokens.subarray(0, SHORT), trunk: null }))
    const { logprobs, greedy } = await engine.score(packBatch(beginnings, near, engine.tiles), DENSE)
    near.forEach(({ token }, i) => {
      const own = logits.subarray(i * V, (i + 1) * V)
      const wanted = own[token] - logsumexpReference(own).logsumexp
      assert.ok(Math.abs(logprobs[i] - wanted) < NEAR, `target ${i}: ${logprobs[i]}, not ${wanted}`)
      assert.is(greedy[i], Number(token === expected.best[i]), `target ${i} is greedy`)
    })
    return worst
  } finally {
    engine.close()
  }
}

/** The same rows by chunks of a prompt, no multiple of anything where it is short, and then token by token. */
async function decode(open: OpenDevice, one: ArchitectureCase): Promise<number> {
  const expected = expectedOf(one)
  const V = Number(one.config.vocab_size)
  const chunk = one.tokens > SHORT ? 512 : 7
  const engine = await openEngine(open, await openCase(one))
  try {
    const { logits } = await stepByStep(
      engine,
      sequencesOf(one),
      { rule: DENSE, chunk },
      (length) => length - 6,
    )
    const rowOf = (index: number) => {
      const at = index % one.tokens
      return logits[Math.floor(index / one.tokens)].subarray(at * V, (at + 1) * V)
    }
    const worst = furthest(rowOf, one, expected)
    assert.ok(worst < NEAR, `off by ${worst}`)
    return worst
  } finally {
    engine.close()
  }
}

/** Loss and gradients, and that a step changes what is there and adds nothing. */
async function fineTune({ device, lost, adapter }: OpenDevice, one: ArchitectureCase): Promise<number> {
  const { places, gradients, norms } = expectedOf(one)
  const { config, tensors } = await openCase(one)
  const T = one.trained
  const trainer = await Trainer.open(config, tensors, {
    device,
    lost,
    adapter,
    rule: DENSE,
    tokens: T,
    sequences: one.sequences,
    trainable: 'all',
    optimiser: OPTIMISER,
    recompute: false,
  })
  try {
    const tokens = Uint32Array.from(sequencesOf(one).flatMap((ids) => [...ids.subarray(0, T)]))
    const inputs = { step: 0, alpha: 2, rate: 1e-3, gamma: 0, distill: 0, batches: [{ tokens }] }
    const got = await trainer.gradients(inputs)
    const off = Math.abs(got.report.crossEntropy / one.loss - 1)
    assert.ok(off < 1e-5, `loss ${got.report.crossEntropy}, not ${one.loss}`)
    const kept = places.length / one.tensors.length
    let worst = 0
    one.tensors.forEach((name, t) => {
      const values = got.gradients.get(name)?.values ?? new Float32Array()
      const norm = Math.hypot(...blocks(values))
      assert.ok(Math.abs(norm / norms[t] - 1) < NEAR_GRADIENT, `${name}: norm ${norm}, not ${norms[t]}`)
      let [difference, whole] = [0, 0]
      for (let i = t * kept; i < (t + 1) * kept; i++) {
        difference += (values[places[i]] - gradients[i]) ** 2
        whole += gradients[i] ** 2
      }
      worst = Math.max(worst, Math.sqrt(difference / whole))
      assert.ok(worst < NEAR_GRADIENT, `${name}: ${worst} apart`)
    })
    await trainer.step(inputs)
    const after = await trainer.weights()
    assert.equal([...after.keys()].sort(), [...tensors.keys()].sort())
    for (const [name, { values }] of after) {
      const before = new Float32Array((await tensors.get(name)?.read())?.slice().buffer ?? new ArrayBuffer(0))
      assert.ok(values.every(Number.isFinite) && values.some((value, i) => value !== before[i]), name)
    }
    return worst
  } finally {
    trainer.close()
  }
}

/** Norms of stretches: a call takes only so many arguments. */
function blocks(values: Float32Array): number[] {
  const sums: number[] = []
  for (let i = 0; i < values.length; i += 4096) {
    sums.push(Math.sqrt(values.subarray(i, i + 4096).reduce((sum, value) => sum + value * value, 0)))
  }
  return sums
}
