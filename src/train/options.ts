/** What a training is asked for, and what of it can be checked without reading anything. Pure. */
import type { TrainRule } from '../engine/train/types.js'
import { Failure } from '../errors.js'
import type { GAMMA_CONVENTIONS, RATE_SCHEDULES } from '../record/train/schema.js'
import { ALPHA_SCHEDULES } from '../record/train/schema.js'
import type { ShiftRange } from './order.js'

/** What is begun from: a checkpoint, or random weights of these sizes for a tokenizer that is there. */
export type StartOptions =
  | { kind: 'checkpoint'; model?: string; revision?: string }
  | { kind: 'scratch'; tokenizer?: string; layers: number; width: number; positions: number }

export interface AlphaOptions {
  schedule: (typeof ALPHA_SCHEDULES)[number]
  from: number
  to: number
  /** Steps from the one to the other; all steps of the run when undefined. */
  steps?: number
}

export interface RateOptions {
  schedule: (typeof RATE_SCHEDULES)[number]
  peak: number
  /** Peak of the interaction weights, by the same schedule; as the others when undefined. */
  interaction?: number
  /** Share of the peak at the end of the cosine. */
  final: number
  /** Steps; WARMUP_SHARE of all when undefined. */
  warmup?: number
}

export interface OptimiserChoice {
  beta1: number
  beta2: number
  weightDecay: number
  /** Largest norm of the gradient; 0 for no limit. */
  clip: number
}

export const SAVE_DTYPES = ['auto', 'f32', 'f16'] as const
export const RECOMPUTE_MODES = ['auto', 'always', 'never'] as const

export interface TrainingOptions {
  start: StartOptions
  data: readonly string[]
  evalData: readonly string[]
  column: string
  /** Windows of ctx tokens to evaluate on. */
  heldOut?: number
  /** Folder; of several gammas each gets one in it. */
  out: string
  rule: TrainRule
  /** One training each; of the adaptive rule only. */
  gammas: readonly number[]
  gammaConvention: (typeof GAMMA_CONVENTIONS)[number]
  steps: number
  alpha: AlphaOptions
  rate: RateOptions
  optimiser: OptimiserChoice
  /** r, beta and the depth flag for a checkpoint without interaction weights; defaults when undefined. */
  intDim?: number
  beta?: number
  propagateInDepth?: boolean
  /** Interaction weights only. */
  freeze: boolean
  /** Share of the divergence from the dense model in the loss; 0 for none. */
  distill: number
  shiftRange?: ShiftRange
  /** Tokens of a sequence; all positions of the model when undefined. */
  ctx?: number
  /** Tokens of a step. */
  batchTokens?: number
  /** Tokens worked on at a time; what fits when undefined. */
  microTokens?: number
  recompute: (typeof RECOMPUTE_MODES)[number]
  seed: number
  /** Steps between evaluations, between checkpoints; a tenth and a twentieth of all when undefined. */
  evalEvery?: number
  saveEvery?: number
  /** Nats that the smoothed loss may be above its best before the run stops; 0 for no limit. */
  spike: number
  saveDtype: (typeof SAVE_DTYPES)[number]
  resume: boolean
  /** `owner/name` on the Hub to upload the result to. */
  push?: string
}

/** What is taken where nothing is said (docs/method.md, Initial values and schedules; docs/finetune.md, Options). */
export const DEFAULTS = {
  gamma: 0.3,
  steps: 1000,
  alpha: { schedule: 'cosine', from: 1, to: 8 },
  rate: { schedule: 'constant', peak: 1e-4, final: 0.1 },
  optimiser: { beta1: 0.9, beta2: 0.999, weightDecay: 0, clip: 1 },
  intDim: 64,
  beta: 2,
  batchTokens: 8192,
  spike: 2,
  seed: 42,
} as const

/** Warm-up as a share of all steps: 2,000 of 25,000. */
export const WARMUP_SHARE = 0.08

/** Adam's epsilon. */
export const EPSILON = 1e-8

/** Largest alpha that differs from the step function in f32. */
const MOST_ALPHA = 64

interface Bound {
  flag: string
  value: number | undefined
  whole?: boolean
  least: number
  /** The least itself is refused. */
  open?: boolean
  most?: number
  hint: string
}

/** Throws a Failure at the first thing that no checkpoint and no text could make right. */
export function checkTraining(options: TrainingOptions): void {
  for (const bound of boundsOf(options)) checkBound(bound)
  if (options.data.length === 0) {
    throw new Failure('--data: must name text to train on, got none', {
      hint: 'text files, folders, .jsonl(.gz) files or a Hub dataset as owner/name:split',
    })
  }
  if (options.out.trim() === '') {
    throw new Failure('--out: must name a folder, got nothing', { hint: 'for example --out my-checkpoint' })
  }
  checkAlpha(options)
  checkRule(options)
  checkShiftRange(options.shiftRange)
  checkPush(options)
}

function boundsOf(options: TrainingOptions): Bound[] {
  const { rate, optimiser, start } = options
  const count = 'a whole number from 1'
  const share = 'a share from 0 to 1'
  const sizes: Bound[] =
    start.kind === 'checkpoint'
      ? []
      : [
          { flag: 'layers', value: start.layers, whole: true, least: 1, most: 128, hint: 'gpt2 has 12' },
          { flag: 'width', value: start.width, whole: true, least: 64, most: 8192, hint: 'gpt2 has 768' },
          { flag: 'positions', value: start.positions, whole: true, least: 16, hint: 'gpt2 has 1024' },
        ]
  return [
    ...sizes,
    { flag: '--steps', value: options.steps, whole: true, least: 1, hint: count },
    { flag: '--ctx', value: options.ctx, whole: true, least: 16, hint: 'tokens of a sequence' },
    { flag: '--batch-tokens', value: options.batchTokens, whole: true, least: 1, hint: 'tokens of a step' },
    { flag: '--micro-tokens', value: options.microTokens, whole: true, least: 1, hint: 'tokens at a time' },
    { flag: '--rate', value: rate.peak, least: 0, open: true, most: 1, hint: 'such as 1e-4' },
    {
      flag: '--rate-interaction',
      value: rate.interaction,
      least: 0,
      open: true,
      most: 1,
      hint: 'such as 1e-3, or leave it out for --rate',
    },
    { flag: '--rate-final', value: rate.final, least: 0, most: 1, hint: share },
    { flag: '--warmup', value: rate.warmup, whole: true, least: 0, hint: 'a number of steps, 0 for none' },
    { flag: '--weight-decay', value: optimiser.weightDecay, least: 0, most: 1, hint: 'such as 0.1' },
    { flag: '--clip', value: optimiser.clip, least: 0, hint: 'a norm such as 1, or 0 for no limit' },
    { flag: 'beta1', value: optimiser.beta1, least: 0, most: 0.9999, hint: 'such as 0.9' },
    { flag: 'beta2', value: optimiser.beta2, least: 0, most: 0.999999, hint: 'such as 0.999' },
    { flag: '--int-dim', value: options.intDim, whole: true, least: 4, most: 1024, hint: 'such as 64' },
    { flag: '--beta', value: options.beta, least: -100, most: 100, hint: 'such as 2 or 5' },
    { flag: '--distill', value: options.distill, least: 0, most: 1, hint: share },
    { flag: '--held-out', value: options.heldOut, whole: true, least: 1, hint: 'a number of windows' },
    { flag: '--eval-every', value: options.evalEvery, whole: true, least: 1, hint: count },
    { flag: '--save-every', value: options.saveEvery, whole: true, least: 1, hint: count },
    { flag: '--spike', value: options.spike, least: 0, hint: 'nats such as 2, or 0 to never stop' },
    { flag: '--seed', value: options.seed, whole: true, least: 0, most: 2 ** 32 - 1, hint: 'such as 42' },
    ...options.gammas.map(
      (value): Bound => ({ flag: '--gamma', value, least: 0, most: 1000, hint: 'such as 0.3 or 0.1,0.3,1' }),
    ),
  ]
}

function checkBound({ flag, value, whole = false, least, open = false, most, hint }: Bound): void {
  if (value === undefined) return
  const fits = (open ? value > least : value >= least) && (most === undefined || value <= most)
  if (fits && Number.isFinite(value) && (!whole || Number.isInteger(value))) return
  const low = open ? `above ${least}` : `from ${least}`
  const range = most === undefined ? low : `${low} to ${most}`
  throw new Failure(`${flag}: must be a ${whole ? 'whole ' : ''}number ${range}, got ${value}`, { hint })
}

function checkAlpha({ alpha, steps }: TrainingOptions): void {
  const { schedule, from, to } = alpha
  if (!ALPHA_SCHEDULES.includes(schedule)) {
    throw new Failure(`--alpha: must be ${ALPHA_SCHEDULES.join(', ')}, got ${schedule}`, {
      hint: 'leave it out for the cosine',
    })
  }
  for (const [flag, value] of [
    ['--alpha-from', from],
    ['--alpha-to', to],
  ] as const) {
    if (value >= 1 && value <= MOST_ALPHA) continue
    throw new Failure(`${flag}: must be from 1 to ${MOST_ALPHA}, got ${value}`, {
      hint: 'training goes from 1 to 8 as a rule',
    })
  }
  if (schedule === 'constant' && alpha.steps !== undefined) {
    throw new Failure(`--alpha-steps ${alpha.steps}: has no meaning with --alpha constant`, {
      hint: 'leave one of them out',
    })
  }
  checkBound({
    flag: '--alpha-steps',
    value: alpha.steps,
    whole: true,
    least: 1,
    hint: `steps from --alpha-from to --alpha-to, ${steps} where nothing is said`,
  })
}

/** A control learns nothing about dropping, so whatever steers that is refused. */
function checkRule(options: TrainingOptions): void {
  const { rule, gammas } = options
  if (rule.kind === 'adaptive') {
    const twice = gammas.find((gamma, i) => gammas.indexOf(gamma) < i)
    if (gammas.length > 0 && twice === undefined) return
    const got = twice === undefined ? 'none' : `${twice} twice`
    throw new Failure(`--gamma: must name weights of the sparsity loss, each once, got ${got}`, {
      hint: 'for example --gamma 0.3 or --gamma 0.1,0.3,1',
    })
  }
  const unused: [string, boolean][] = [
    ['--gamma', gammas.length > 0],
    ['--int-dim', options.intDim !== undefined],
    ['--beta', options.beta !== undefined],
    ['--propagate-in-depth', options.propagateInDepth !== undefined],
    ['--freeze', options.freeze],
    ['--rate-interaction', options.rate.interaction !== undefined],
    ['--shift-range', options.shiftRange !== undefined],
  ]
  const found = unused.find(([, given]) => given)
  if (found !== undefined) {
    throw new Failure(`${found[0]}: has no meaning for a control, got ${describeRule(rule)}`, {
      hint: `leave out ${found[0]} or --control`,
    })
  }
}

function checkShiftRange(range: ShiftRange | undefined): void {
  if (range === undefined || (range.low <= 0 && range.high >= 0 && range.low < range.high)) return
  throw new Failure(
    `--shift-range: must rise and hold 0, the checkpoint's own threshold, got ${range.low}..${range.high}`,
    { hint: 'for example --shift-range -1..1' },
  )
}

const REPO = /^\w[\w.-]*\/\w[\w.-]*$/

function checkPush({ push }: TrainingOptions): void {
  if (push === undefined || REPO.test(push)) return
  throw new Failure(`--push: must be owner/name of a model on the Hub, got ${JSON.stringify(push)}`, {
    hint: 'for example --push someone/gpt2-pruned',
  })
}

/** `dense`, `local:N` or `strided:N`, as `--control` has it. */
export function parseControl(text: string): TrainRule {
  const { kind, tokens } = /^(?<kind>dense|local|strided)(:(?<tokens>\d+))?$/.exec(text)?.groups ?? {}
  const count = Number(tokens)
  if (kind === 'dense' && tokens === undefined) return { kind }
  if (kind === 'local' && count >= 1) return { kind, size: count }
  if (kind === 'strided' && count >= 2) return { kind, size: count }
  throw new Failure(`--control: must be dense, local:N or strided:N, got ${JSON.stringify(text)}`, {
    hint: 'N is the window or the stride in tokens, such as local:205 or strided:128',
  })
}

/** `a..b`, as `--shift-range` has it. */
export function parseShiftRange(text: string): ShiftRange {
  const [low, high, ...more] = text
    .split('..')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (more.length === 0 && Number.isFinite(low) && Number.isFinite(high)) return { low, high }
  throw new Failure(`--shift-range: must be two numbers as a..b, got ${JSON.stringify(text)}`, {
    hint: 'for example --shift-range -1..1',
  })
}

/** As `--control` has it. */
export function describeRule(rule: TrainRule): string {
  return 'size' in rule ? `${rule.kind}:${rule.size}` : rule.kind
}
