/**
 * Every option of a training, once. From this table come the flags of `asp finetune` (src/cli/train-flags.ts), the keys of
 * `asp train`'s file (options-file.ts), the bounds (check-options.ts), what a resumed run must have the same (resume.ts) and the
 * tables of docs/finetune.md (scripts/option-tables.ts). Pure.
 */
import { DEFAULT_MODEL } from '../data/bundled.js'
import { isMethod, METHOD_NAMES, METHODS } from '../engine/methods.js'
import type { TrainRule } from '../engine/train/types.js'
import { ALPHA_SCHEDULES, GAMMA_CONVENTIONS, LEARNED_POLICIES, RATE_SCHEDULES } from '../record/names.js'
import { type OptionsOf, type OptionTable, option } from './option-rows.js'

/** Above 64 the alpha-sigmoid is the step function in f32. */
const ALPHA = { min: 1, max: 64, hint: 'training usually goes from 1.5 to 8', decides: 'alpha' } as const

/** Of the steps, how many alpha takes to grow: the last ones are for a mask that is as hard as it will be (docs/recipe.md). */
export const ALPHA_SHARE = 0.7

/** Warm-up as a share of all steps: 2,000 of 25,000. */
export const WARMUP_SHARE = 0.08

/** Times the rate of weights that are trained already, for interaction weights that are not (docs/recipe.md). */
export const NEW_WEIGHTS_RATE = 10

const percent = (share: number): string => `${Math.round(share * 100)} %`

/** By the heading that help and docs have them under (docs/method.md, Initial values and schedules; docs/finetune.md, Options). */
export const OPTION_GROUPS = {
  text: {
    data: option('texts', 'text to train on', { default: [], decides: 'data' }),
    evalData: option('texts', 'text to evaluate on, in place of windows of the training text', {
      default: [],
      decides: 'data',
    }),
    heldOut: option('whole', 'windows to evaluate on', {
      otherwise: '16, at most a twentieth of all',
      decides: 'data',
    }),
    column: option('text', 'field of rows that holds the text', {
      default: 'text',
      value: '<name>',
      decides: 'data',
    }),
    tokens: option('whole', 'take only the first tokens of the text', { otherwise: 'all', decides: 'data' }),
  },
  pruning: {
    method: option('choice', 'how the model is taught what to drop', {
      choices: LEARNED_POLICIES,
      default: 'adaptive',
      decides: 'rule',
    }),
    gamma: option('numbers', 'weights of the sparsity loss, one training each', {
      otherwise: 0.3,
      min: 0,
      max: 1000,
      hint: 'such as 0.3 or 0.1,0.3,1',
      value: '0.1,0.3,1',
      decides: 'gamma',
      methods: ['adaptive', 'trimkv', 'selective'],
    }),
    gammaConvention: option(
      'choice',
      "as the paper counts pairs; code: half of that, as the paper's code does",
      { choices: GAMMA_CONVENTIONS, default: 'paper', decides: 'gamma_convention' },
    ),
    alpha: option('choice', 'how alpha of the alpha-sigmoid grows', {
      choices: ALPHA_SCHEDULES,
      default: 'cosine',
      decides: 'alpha',
    }),
    alphaFrom: option('number', 'alpha at the first step', { ...ALPHA, default: 1.5 }),
    alphaTo: option('number', 'alpha at the end', { ...ALPHA, default: 8 }),
    alphaSteps: option('whole', 'steps from --alpha-from to --alpha-to', {
      otherwise: `${percent(ALPHA_SHARE)} of all`,
      decides: 'alpha',
    }),
    intDim: option('whole', 'width of new interaction queries and keys, a multiple of 4', {
      otherwise: 64,
      min: 4,
      max: 1024,
      decides: 'int_dim',
      methods: ['adaptive'],
    }),
    beta: option('number', 'initial beta, which is added to every drop score (6 for trimkv)', {
      otherwise: 2,
      min: -100,
      max: 100,
      decides: 'beta',
      methods: ['adaptive', 'trimkv'],
    }),
    propagateInDepth: option('flag', 'a token dropped in a layer is dropped in all later ones', {
      allowNo: true,
      decides: 'propagate_in_depth',
      methods: ['adaptive'],
    }),
    grace: option('whole', 'of the tokens after one, how many do not drop it; 0 as in the paper', {
      otherwise: 8,
      min: 0,
      decides: 'grace',
      methods: ['adaptive'],
    }),
    shiftRange: option('range', 'a random threshold shift per sequence: one checkpoint for many sparsities', {
      value: '-1..1',
      decides: 'shift_range',
      methods: ['adaptive', 'trimkv'],
    }),
    window: option('whole', 'of kvzap: positions before a key may die', {
      otherwise: 16,
      decides: 'window',
      methods: ['kvzap'],
    }),
    threshold: option(
      'number',
      'of kvzap: a key dies whose greatest attention to come is predicted below it, as a logarithm',
      {
        otherwise: -4,
        max: 0,
        decides: 'threshold',
        methods: ['kvzap'],
      },
    ),
    freeze: option('flag', 'train only what decides about dropping', {
      otherwise: 'for kvzap and trimkv',
      allowNo: true,
      decides: 'trainable',
      methods: METHOD_NAMES,
    }),
    distill: option('number', 'share of KL to the dense model in the loss, beside cross-entropy', {
      default: 0,
      min: 0,
      max: 1,
      decides: 'distill',
      methods: ['adaptive', 'trimkv', 'selective'],
      takesControl: true,
    }),
    control: option('control', 'train a control instead: dense, the last N tokens, or blocks of N tokens', {
      value: 'dense|local:N|strided:N',
      decides: 'rule',
    }),
  },
  optimiser: {
    rate: option('number', 'learning rate after the warm-up', {
      default: 1e-4,
      above: 0,
      max: 1,
      decides: 'rate',
    }),
    warmup: option('whole', 'steps of linear warm-up, 0 for none', {
      otherwise: `${percent(WARMUP_SHARE)} of all`,
      min: 0,
      decides: 'rate',
    }),
    rateSchedule: option('choice', 'what follows the warm-up', {
      choices: RATE_SCHEDULES,
      default: 'cosine',
      decides: 'rate',
    }),
    rateFinal: option('number', 'share of the rate at the end of the cosine', {
      default: 0.1,
      min: 0,
      max: 1,
      decides: 'rate',
    }),
    rateInteraction: option(
      'number',
      'learning rate of interaction weights or gates, which start untrained',
      {
        otherwise: `${NEW_WEIGHTS_RATE} times --rate for new ones of adaptive, else as --rate`,
        above: 0,
        max: 1,
        decides: 'rate_interaction',
        methods: ['adaptive', 'kvzap', 'trimkv'],
      },
    ),
    weightDecay: option('number', 'AdamW weight decay (matrices only)', {
      default: 0,
      min: 0,
      max: 1,
      decides: 'optimiser',
    }),
    clip: option('number', 'largest norm of the gradient, 0 for no limit', {
      default: 1,
      min: 0,
      decides: 'optimiser',
    }),
    beta1: option('number', "AdamW's decay of the gradient's mean", {
      default: 0.9,
      min: 0,
      max: 0.9999,
      decides: 'optimiser',
      only: 'file',
    }),
    beta2: option('number', "AdamW's decay of its square", {
      default: 0.999,
      min: 0,
      max: 0.999999,
      decides: 'optimiser',
      only: 'file',
    }),
  },
  run: {
    steps: option('whole', 'updates of the weights', { default: 1000 }),
    ctx: option('whole', 'tokens of a sequence', {
      otherwise: "the model's full context",
      min: 16,
      decides: 'ctx',
      char: 'c',
    }),
    batchTokens: option('whole', 'tokens of a step', { otherwise: 8192, decides: 'batch_tokens' }),
    microTokens: option('whole', 'tokens worked on at a time', { otherwise: 'what fits' }),
    recompute: option('choice', 'recompute activations in the backward pass: less memory, more time', {
      choices: ['auto', 'always', 'never'],
      default: 'auto',
    }),
    seed: option('whole', 'seed of new weights, order and shifts', {
      default: 42,
      min: 0,
      max: 2 ** 32 - 1,
      decides: 'seed',
    }),
    evalEvery: option('whole', 'steps between evaluations', {
      otherwise: 'a tenth of all',
    }),
    saveEvery: option('whole', 'steps between checkpoints', { otherwise: 'a twentieth of all' }),
    spike: option(
      'number',
      'stop when the smoothed loss stays this many nats above its best; 0 never stops',
      { default: 2, min: 0 },
    ),
  },
  output: {
    output: option('text', 'folder of the result; with several gammas, a folder in it for each', {
      required: true,
      value: '<folder>',
      hint: 'name a folder for the result, such as my-checkpoint',
      char: 'o',
      was: 'out',
    }),
    saveDtype: option('choice', "dtype of the result's weights; auto: as in the model it started from", {
      choices: ['auto', 'f32', 'f16'],
      default: 'auto',
    }),
    resume: option('flag', 'resume from the last checkpoint in --output', { default: false, only: 'flag' }),
    push: option('text', 'upload the result to this model repository of the Hub', { value: 'owner/name' }),
  },
} as const satisfies Readonly<Record<string, OptionTable>>

export const TRAIN_OPTIONS = {
  ...OPTION_GROUPS.text,
  ...OPTION_GROUPS.pruning,
  ...OPTION_GROUPS.optimiser,
  ...OPTION_GROUPS.run,
  ...OPTION_GROUPS.output,
}

/** Sizes of a model of random weights: `model` in `asp train`'s file. */
export const MODEL_OPTIONS = {
  layers: option('whole', 'blocks; gpt2 has 12', { required: true, max: 128 }),
  width: option('whole', 'values of a token; gpt2 has 768', { required: true, min: 64, max: 8192 }),
  positions: option('whole', 'longest context; gpt2 has 1024', { required: true, min: 16 }),
  tokenizer: option('text', 'checkpoint whose tokenizer is taken', { otherwise: DEFAULT_MODEL }),
} as const satisfies OptionTable

/** What is begun from: a checkpoint, or random weights for a tokenizer that is there. */
export type StartOptions =
  | { kind: 'checkpoint'; model?: string; revision?: string }
  | ({ kind: 'scratch' } & OptionsOf<typeof MODEL_OPTIONS>)

export type OptionName = keyof typeof TRAIN_OPTIONS
export type GivenOptions = Partial<OptionsOf<typeof TRAIN_OPTIONS>>
export type TrainingOptions = OptionsOf<typeof TRAIN_OPTIONS> & { start: StartOptions }

/** The rows with their names. */
export const OPTION_ROWS = Object.entries(TRAIN_OPTIONS as OptionTable)

/** What is given, and the table's defaults. */
export function withDefaults(given: GivenOptions, start: StartOptions): TrainingOptions {
  const known: Readonly<Record<string, unknown>> = given
  const filled = OPTION_ROWS.map(([name, row]) => [name, known[name] ?? row.default])
  return { ...Object.fromEntries(filled), start }
}

/** What a training learns or compares with: a control, or which tokens to drop. */
export const ruleOf = ({ control, method }: Pick<TrainingOptions, 'control' | 'method'>): TrainRule =>
  control ?? { kind: method }

/** Where nobody says so. */
const FROZEN = ['always', 'unless said'] as const

/** Whether the model's own weights stay as they are. */
export function isFrozen(options: Pick<TrainingOptions, 'control' | 'method' | 'freeze'>): boolean {
  const { kind } = ruleOf(options)
  return isMethod(kind) && (options.freeze ?? FROZEN.some((one) => one === METHODS[kind].frozen))
}

/** Of new interaction weights or gates. Gates begin at their threshold, or with what fades to half in some 280 tokens. */
export function initialBias({ method, beta, threshold }: TrainingOptions): number {
  if (method === 'kvzap') return threshold ?? TRAIN_OPTIONS.threshold.otherwise
  return beta ?? (method === 'trimkv' ? TRIMKV_BETA : TRAIN_OPTIONS.beta.otherwise)
}

const TRIMKV_BETA = 6

/** As `--control` has it. */
export const describeRule = (rule: TrainRule): string =>
  'size' in rule ? `${rule.kind}:${rule.size}` : rule.kind
