/** What a training may be asked for, and the trainings that follow from it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Gpt2Config } from '../../src/engine/gpt2/config.js'
import { Failure } from '../../src/errors.js'
import { checkTraining } from '../../src/train/check-options.js'
import { parseControl, parseShiftRange } from '../../src/train/option-rows.js'
import type { TrainingOptions } from '../../src/train/options.js'
import { planRuns } from '../../src/train/plan.js'
import { CONFIG, trainingOptions } from './fixture.js'

const test = suite('options of a training')

function failureOf(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('must fail')
}

test('evaluations on the way are a tenth of all, and fewer where steps are dear to them', () => {
  const every = (changes: Partial<TrainingOptions>, ctx = CONFIG.nPositions): number =>
    planRuns(trainingOptions('out', { evalEvery: undefined, ctx, ...changes }), CONFIG, false)[0].evalEvery
  const ctx = CONFIG.nPositions
  // Sixteen windows, three rules, beside steps of one window that are three passes: sixteen steps each.
  const small = { batchTokens: ctx, heldOut: 16 }
  assert.is(every({ ...small, steps: 100_000 }), 10_000)
  assert.is(every({ ...small, steps: 1000 }), 160)
  assert.is(every({ ...small, steps: 40 }), 40)
  assert.is(every({ ...small, steps: 1000, heldOut: 1 }), 100)
  assert.is(every({ ...small, steps: 1000, gamma: undefined, ...control }), 100)
  assert.is(every({ ...small, steps: 40, evalEvery: 4 }), 4)
})

const control = { control: { kind: 'dense' } } as const
const refused: [string, Partial<TrainingOptions>, RegExp][] = [
  ['no text', { data: [] }, /^--data: must name text/],
  ['no folder', { output: ' ' }, /^--output: must name a folder/],
  ['no step', { steps: 0 }, /^--steps: must be a whole number from 1, got 0$/],
  ['half a step', { steps: 1.5 }, /^--steps: must be a whole number from 1, got 1\.5$/],
  ['no number', { rate: Number.NaN }, /^--rate: must be a number above 0 to 1/],
  ['a rate of nothing', { rate: 0 }, /^--rate: .* got 0$/],
  ['a negative gamma', { gamma: [0.3, -1] }, /^--gamma: .* got -1$/],
  ['a gamma twice', { gamma: [0.3, 0.3] }, /^--gamma: .* each once, got 0\.3 twice$/],
  ['no gamma', { gamma: [] }, /^--gamma: .* got none$/],
  ['alpha below 1', { alphaFrom: 0.5 }, /^--alpha-from: .* got 0\.5$/],
  ['alpha like a step', { alphaTo: 1e9 }, /^--alpha-to: .* got 1000000000$/],
  ['steps of no schedule', { alpha: 'constant', alphaSteps: 3 }, /^--alpha-steps 3: /],
  [
    'an interaction rate of 0',
    { rateInteraction: 0 },
    /^--rate-interaction: must be a number above 0 to 1, got 0$/,
  ],
  [
    'an interaction rate of a control',
    { ...control, rateInteraction: 1e-3 },
    /^--rate-interaction: has no meaning for a control/,
  ],
  ['a share above 1', { distill: 1.5 }, /^--distill: .* got 1\.5$/],
  ['a range without 0', { shiftRange: { low: 1, high: 2 } }, /^--shift-range: .* got 1\.\.2$/],
  ['a range that falls', { shiftRange: { low: 1, high: -1 } }, /^--shift-range: /],
  ['a large seed', { seed: 2 ** 32 }, /^--seed: /],
  ['a beta for a control', { ...control, beta: 2 }, /^--beta: has no meaning for a control, got dense$/],
  ['a gamma for a control', { ...control, gamma: [1] }, /^--gamma: has no meaning for a control/],
  ['a control that learns to drop only', { ...control, freeze: true }, /^--freeze: /],
  ['a gamma where nothing fades', { method: 'kvzap' }, /^--gamma: has no meaning for --method kvzap$/],
  ['a window of another method', { window: 8 }, /^--window: has no meaning for --method adaptive$/],
  ['a width of gates', { method: 'trimkv', intDim: 8 }, /^--int-dim: has no meaning for --method trimkv$/],
  [
    'a method for a control',
    { ...control, method: 'kvzap' },
    /^--method kvzap: has no meaning for a control/,
  ],
  [
    'weights that learn while their attention is predicted',
    { method: 'kvzap', gamma: undefined, freeze: false },
    /^--no-freeze: --method kvzap learns about the model as it is$/,
  ],
  [
    'a threshold above all attention',
    { method: 'kvzap', gamma: undefined, threshold: 1 },
    /^--threshold: must be a number up to 0, got 1$/,
  ],
  [
    'selective attention of a frozen model',
    { method: 'selective', freeze: true },
    /^--freeze: --method selective has no/,
  ],
  [
    'a beta of selective attention',
    { method: 'selective', beta: 2 },
    /^--beta: has no meaning for --method selective/,
  ],
  ['a repository of no owner', { push: 'gpt2' }, /^--push: must be owner\/name/],
  ['a model of no width', { start: { kind: 'scratch', layers: 1, width: 0, positions: 64 } }, /^width: /],
]
for (const [title, changes, message] of refused) {
  test(`refuses ${title}`, () => {
    const failure = failureOf(() => checkTraining(trainingOptions('out', changes)))
    assert.match(failure.message, message)
    assert.type(failure.hint, 'string')
    assert.is(failure.exit, 2)
  })
}

test('takes what is right', () => {
  const gates: Partial<TrainingOptions>[] = [
    { method: 'kvzap', gamma: undefined, window: 8, threshold: -3 },
    { method: 'trimkv', distill: 0.5, beta: 4, freeze: false },
  ]
  for (const changes of [{}, control, { shiftRange: { low: -1, high: 0 } }, { distill: 1 }, ...gates]) {
    checkTraining(trainingOptions('out', changes))
  }
})

test('a method says what learns, how many trainings there are, and what they are called', () => {
  const gated = (gate: Gpt2Config['gate']): Gpt2Config => ({ ...CONFIG, interaction: null, gate })
  const kvzap = { method: 'kvzap', window: 5, threshold: -3 } as const
  const [one, ...others] = planRuns(
    trainingOptions('out', { method: 'kvzap', gamma: undefined, threshold: -3 }),
    gated(kvzap),
    false,
  )
  assert.equal([one.name, one.folder, others.length], ['kvzap', 'out', 0])
  const { rule, gamma, alpha, trainable, window, threshold, beta } = one.options
  assert.equal([rule.kind, gamma, alpha, trainable], ['kvzap', null, null, 'interaction'])
  assert.equal([window, threshold, beta], [5, -3, -3])
  const trimkv = planRuns(
    trainingOptions('out', { method: 'trimkv', gamma: [1, 2] }),
    gated({ method: 'trimkv' }),
    false,
  )
  assert.equal(
    trimkv.map(({ name, options }) => [name, options.beta, options.trainable, options.window]),
    [1, 2].map((weight) => [`trimkv gamma ${weight}`, 6, 'interaction', null]),
  )
  const free = trainingOptions('out', { method: 'trimkv', freeze: false })
  assert.is(planRuns(free, gated({ method: 'trimkv' }), false)[0].options.trainable, 'all')
  const wide = trainingOptions('out', { method: 'kvzap', gamma: undefined })
  const failure = failureOf(() => planRuns(wide, gated({ ...kvzap, window: 16 }), false))
  assert.match(failure.message, /^--window: must be below --ctx, 16, got 16$/)
})

test('a grace is part of the options, and leaves something to drop', () => {
  const graced = (grace: number) => ({ ...CONFIG, interaction: { dim: 4, propagateInDepth: false, grace } })
  const [spared, hasty] = [5, 0].map((grace) => planRuns(trainingOptions('out'), graced(grace), false)[0])
  assert.equal([spared.options.grace, hasty.options.grace], [5, null])
  const failure = failureOf(() => planRuns(trainingOptions('out'), graced(16), false))
  assert.match(failure.message, /^--grace: must be below --ctx, 16, got 16$/)
})

test('controls and ranges as typed', () => {
  assert.equal(parseControl('dense'), { kind: 'dense' })
  assert.equal(parseControl('local:205'), { kind: 'local', size: 205 })
  assert.equal(parseControl('strided:128'), { kind: 'strided', size: 128 })
  for (const text of ['', 'local', 'local:0', 'strided:1', 'dense:3', 'adaptive', 'local:1.5']) {
    assert.match(
      failureOf(() => parseControl(text)).message,
      /^--control: must be dense, local:N or strided:N/,
    )
  }
  assert.equal(parseShiftRange('-1..1.5'), { low: -1, high: 1.5 })
  for (const text of ['1', '..1', 'a..b', '1..2..3', '']) {
    assert.match(failureOf(() => parseShiftRange(text)).message, /^--shift-range: must be two numbers/)
  }
})

test('one gamma has the folder itself, several one each, in its name', () => {
  const [one] = planRuns(trainingOptions('out'), CONFIG, false)
  assert.is(one.folder, 'out')
  const several = planRuns(trainingOptions('out', { gamma: [0.1, 1], push: 'a/b' }), CONFIG, false)
  assert.equal(
    several.map(({ folder, name, push }) => [folder, name, push]),
    [
      ['out/gamma-0.1', 'gamma 0.1', 'a/b-gamma-0.1'],
      ['out/gamma-1', 'gamma 1', 'a/b-gamma-1'],
    ],
  )
})

test("the code's convention is half of the paper's", () => {
  const weight = (gammaConvention: 'paper' | 'code') =>
    planRuns(trainingOptions('out', { gammaConvention }), CONFIG, false)[0].options.gamma_weight
  assert.equal([weight('paper'), weight('code')], [0.3, 0.15])
})

test('schedules are stretched to the steps, unless something else is said', () => {
  const planned = planRuns(trainingOptions('out', { steps: 1000 }), CONFIG, false)[0]
  assert.equal(planned.options.alpha, { kind: 'cosine', from: 1.5, to: 8, over: 700 })
  assert.equal(planned.options.rate, { kind: 'cosine', rate: 1e-4, warmup: 80, final: 0.1, over: 1000 })
  const said = trainingOptions('out', {
    steps: 1000,
    alpha: 'linear',
    alphaSteps: 900,
    rate: 1e-3,
    rateSchedule: 'constant',
    warmup: 5,
  })
  const other = planRuns(said, CONFIG, false)[0]
  assert.equal(other.options.alpha, { kind: 'linear', from: 1.5, to: 8, over: 900 })
  assert.equal(other.options.rate, { kind: 'constant', rate: 1e-3, warmup: 5 })
})

test('interaction weights that are new beside trained ones learn at ten times the rate', () => {
  const rateOf = (changes: Partial<TrainingOptions>, hasOwn = false) =>
    planRuns(trainingOptions('out', { rate: 0.0625, ...changes }), CONFIG, hasOwn)[0].options.rate_interaction
  assert.is(rateOf({}), 0.625)
  assert.is(rateOf({ rate: 0.5 }), 1)
  assert.is(rateOf({ rateInteraction: 0.5 }), 0.5)
  assert.is(rateOf({}, true), null)
  assert.is(rateOf({ freeze: true }), null)
  assert.is(rateOf({ control: { kind: 'dense' } }), null)
})

test('a control has neither alpha nor gamma', () => {
  const changes = { control: { kind: 'local', size: 4 } } as const
  const [plan] = planRuns(trainingOptions('out', changes), { ...CONFIG, interaction: null }, false)
  const { alpha, gamma, gamma_weight, beta, int_dim, rule } = plan.options
  assert.equal([alpha, gamma, gamma_weight, beta, int_dim], [null, null, 0, null, null])
  assert.equal(rule, { kind: 'local', tokens: 4 })
  assert.is(plan.name, 'local:4')
})

const unfit: [string, Partial<TrainingOptions>, RegExp][] = [
  ['an odd context', { ctx: 15 }, /^--ctx: must be a multiple of 4, got 15$/],
  ['a context beyond the positions', { ctx: 17 }, /^--ctx: the model takes at most 16 tokens, got 17$/],
  [
    'a batch of no whole sequences',
    { batchTokens: 40 },
    /^--batch-tokens: must be a multiple of --ctx, 16, got 40$/,
  ],
  [
    'a batch of no whole micro-batches',
    { batchTokens: 32, microTokens: 48 },
    /^--batch-tokens: .* --micro-tokens, 48/,
  ],
  [
    'a window as long as everything',
    { control: { kind: 'local', size: 17 } },
    /^--control: local:17 is longer/,
  ],
]
for (const [title, changes, message] of unfit) {
  test(`refuses ${title}`, () => {
    assert.match(failureOf(() => planRuns(trainingOptions('out', changes), CONFIG, false)).message, message)
  })
}

test.run()
