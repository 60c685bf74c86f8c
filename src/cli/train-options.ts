/** What is typed for a training, as flags or in a file, -> its options: numbers out of text, nothing checked but that. */

import type { ALPHA_SCHEDULES, GAMMA_CONVENTIONS, RATE_SCHEDULES } from '../record/train/schema.js'
import {
  DEFAULTS,
  parseControl,
  parseShiftRange,
  type RECOMPUTE_MODES,
  type SAVE_DTYPES,
  type StartOptions,
  type TrainingOptions,
} from '../train/options.js'
import { asNumber, parseNumbers } from './values.js'

/** The flags of `asp finetune` but for what is begun from. */
export interface RawTraining {
  data: string[]
  'eval-data': string[]
  column: string
  'held-out'?: string
  out: string
  gamma?: string
  'gamma-convention': (typeof GAMMA_CONVENTIONS)[number]
  control?: string
  steps: string
  alpha: (typeof ALPHA_SCHEDULES)[number]
  'alpha-from': string
  'alpha-to': string
  'alpha-steps'?: string
  rate: string
  warmup?: string
  'rate-schedule': (typeof RATE_SCHEDULES)[number]
  'rate-final': string
  'rate-interaction'?: string
  'weight-decay': string
  clip: string
  /** Of AdamW; in files only. */
  beta1?: string
  beta2?: string
  'int-dim'?: string
  beta?: string
  'propagate-in-depth'?: boolean
  freeze: boolean
  distill: string
  'shift-range'?: string
  ctx?: string
  'batch-tokens'?: string
  'micro-tokens'?: string
  recompute: (typeof RECOMPUTE_MODES)[number]
  seed: string
  'eval-every'?: string
  'save-every'?: string
  spike: string
  'save-dtype': (typeof SAVE_DTYPES)[number]
  resume: boolean
  push?: string
}

/** @throws Failure on text that is no number, range or control */
export function trainingOptions(raw: RawTraining, start: StartOptions): TrainingOptions {
  // Those with a default are never undefined.
  const number = (flag: keyof RawTraining): number => optional(flag) ?? Number.NaN
  const optional = (flag: keyof RawTraining): number | undefined =>
    asNumber(`--${flag}`, raw[flag] as string | undefined)
  const control = raw.control === undefined ? undefined : parseControl(raw.control)
  return {
    start,
    data: raw.data,
    evalData: raw['eval-data'],
    column: raw.column,
    heldOut: optional('held-out'),
    out: raw.out,
    rule: control ?? { kind: 'adaptive' },
    gammas: gammasOf(raw.gamma, control !== undefined),
    gammaConvention: raw['gamma-convention'],
    steps: number('steps'),
    alpha: {
      schedule: raw.alpha,
      from: number('alpha-from'),
      to: number('alpha-to'),
      steps: optional('alpha-steps'),
    },
    rate: {
      schedule: raw['rate-schedule'],
      peak: number('rate'),
      interaction: optional('rate-interaction'),
      final: number('rate-final'),
      warmup: optional('warmup'),
    },
    optimiser: {
      beta1: optional('beta1') ?? DEFAULTS.optimiser.beta1,
      beta2: optional('beta2') ?? DEFAULTS.optimiser.beta2,
      weightDecay: number('weight-decay'),
      clip: number('clip'),
    },
    intDim: optional('int-dim'),
    beta: optional('beta'),
    propagateInDepth: raw['propagate-in-depth'],
    freeze: raw.freeze,
    distill: number('distill'),
    shiftRange: raw['shift-range'] === undefined ? undefined : parseShiftRange(raw['shift-range']),
    ctx: optional('ctx'),
    batchTokens: optional('batch-tokens'),
    microTokens: optional('micro-tokens'),
    recompute: raw.recompute,
    seed: number('seed'),
    evalEvery: optional('eval-every'),
    saveEvery: optional('save-every'),
    spike: number('spike'),
    saveDtype: raw['save-dtype'],
    resume: raw.resume,
    push: raw.push,
  }
}

function gammasOf(text: string | undefined, isControl: boolean): number[] {
  if (text !== undefined) return parseNumbers('--gamma', text)
  return isControl ? [] : [DEFAULTS.gamma]
}
