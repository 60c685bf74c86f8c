/** Options and checkpoint -> the trainings to run, each with every number settled. Pure. */
import { join } from 'node:path'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import { learnsToFade } from '../engine/methods.js'
import type { TrainRule } from '../engine/train/types.js'
import { Failure } from '../errors.js'
import type { AlphaSchedule, RateSchedule, TrainRunOptions } from '../record/train/schema.js'
import { HELD_OUT } from './corpus.js'
import {
  ALPHA_SHARE,
  describeRule,
  initialBias,
  isFrozen,
  NEW_WEIGHTS_RATE,
  ruleOf,
  TRAIN_OPTIONS,
  type TrainingOptions,
  WARMUP_SHARE,
} from './options.js'

/** One training. */
export interface RunPlan {
  folder: string
  /** What tells it from the others of one command: `gamma 0.3`, `local:205`. */
  name: string
  rule: TrainRule
  options: TrainRunOptions
  steps: number
  evalEvery: number
  saveEvery: number
  /** Nats; Infinity for no limit. */
  spike: number
  /** B of a step. */
  sequences: number
  push: string | null
}

/** The code's loss is a constant and half of the paper's (docs/method.md, Objective). */
const CODE_FACTOR = 0.5

/** Adam's epsilon. */
const EPSILON = 1e-8

/** The kernels of training take four tokens at a time. */
const CTX_STEP = 4

/**
 * @param config what will be trained, with interaction weights for the adaptive rule
 * @param hasOwn the checkpoint brought interaction weights of its own
 * @throws Failure on a context or batch that does not fit the model or one another
 */
export function planRuns(options: TrainingOptions, config: Gpt2Config, hasOwn: boolean): RunPlan[] {
  const ctx = options.ctx ?? config.nPositions
  if (ctx > config.nPositions) {
    throw new Failure(`--ctx: the model takes at most ${config.nPositions} tokens, got ${ctx}`, {
      hint: 'give a shorter --ctx',
    })
  }
  if (ctx % CTX_STEP !== 0) {
    throw new Failure(`--ctx: must be a multiple of ${CTX_STEP}, got ${ctx}`, {
      hint: `for example --ctx ${Math.floor(ctx / CTX_STEP) * CTX_STEP}`,
    })
  }
  const batchTokens =
    options.batchTokens ?? Math.max(1, Math.floor(TRAIN_OPTIONS.batchTokens.otherwise / ctx)) * ctx
  checkMultiple('--batch-tokens', batchTokens, ctx, '--ctx')
  if (options.microTokens !== undefined) {
    checkMultiple('--micro-tokens', options.microTokens, ctx, '--ctx')
    checkMultiple('--batch-tokens', batchTokens, options.microTokens, '--micro-tokens')
  }
  const rule = ruleOf(options)
  checkControl(rule, ctx)
  const gammas = learnsToFade(rule.kind) ? (options.gamma ?? [TRAIN_OPTIONS.gamma.otherwise]) : [null]
  checkSpared(config, ctx)
  return gammas.map((gamma): RunPlan => {
    const several = gammas.length > 1
    return {
      folder: several ? join(options.output, `gamma-${gamma}`) : options.output,
      name: nameOf(rule, gamma),
      rule,
      options: runOptions(options, config, { rule, gamma, ctx, batchTokens, hasOwn }),
      steps: options.steps,
      evalEvery: options.evalEvery ?? usualInterval(options, rule, { ctx, batchTokens }),
      saveEvery: options.saveEvery ?? Math.ceil(options.steps / 20),
      spike: options.spike === 0 ? Number.POSITIVE_INFINITY : options.spike,
      sequences: batchTokens / ctx,
      push: options.push === undefined ? null : several ? `${options.push}-gamma-${gamma}` : options.push,
    }
  })
}

/** `gamma 0.3`, `trimkv gamma 0.3`, `kvzap`, `local:205` */
function nameOf(rule: TrainRule, gamma: number | null): string {
  if (gamma === null) return describeRule(rule)
  return rule.kind === 'adaptive' ? `gamma ${gamma}` : `${rule.kind} gamma ${gamma}`
}

/** Share of the time of steps that evaluations on the way may take where nobody says how often they are wanted. */
const EVALUATION_SHARE = 0.1
/** A step goes forward once and backward, which is twice as much. */
const PASSES_OF_STEP = 3

/** A tenth of all steps, or more where a tenth of them take less time than evaluations should. */
function usualInterval(
  { steps, heldOut }: TrainingOptions,
  rule: TrainRule,
  { ctx, batchTokens }: Pick<Settled, 'ctx' | 'batchTokens'>,
): number {
  const one = stepsOfEvaluation((heldOut ?? HELD_OUT) * ctx, rule, batchTokens)
  return Math.min(steps, Math.max(Math.ceil(steps / 10), Math.ceil(one / EVALUATION_SHARE)))
}

/** How many steps take as long as an evaluation on so many tokens. */
export function stepsOfEvaluation(tokens: number, rule: TrainRule, batchTokens: number): number {
  // Each rule is a pass: dense, and for the adaptive one the step function and the soft mask.
  const passes = rule.kind === 'dense' ? 1 : rule.kind === 'adaptive' ? 3 : 2
  return (tokens * passes) / (PASSES_OF_STEP * batchTokens)
}

interface Settled {
  rule: TrainRule
  gamma: number | null
  ctx: number
  batchTokens: number
  hasOwn: boolean
}

function runOptions(
  options: TrainingOptions,
  { interaction, gate }: Gpt2Config,
  { rule, gamma, ctx, batchTokens, hasOwn }: Settled,
): TrainRunOptions {
  const { gammaConvention, beta1, beta2, clip, shiftRange } = options
  const weight = (gamma ?? 0) * (gammaConvention === 'code' ? CODE_FACTOR : 1)
  return {
    rule: {
      kind: rule.kind,
      tokens: 'size' in rule ? rule.size : null,
    },
    gamma,
    gamma_convention: gamma === null ? null : gammaConvention,
    gamma_weight: weight,
    alpha: rule.kind === 'adaptive' ? alphaSchedule(options) : null,
    rate: rateSchedule(options),
    rate_interaction: options.rateInteraction ?? usualNewRate(options, rule, hasOwn),
    ctx,
    batch_tokens: batchTokens,
    int_dim: interaction?.dim ?? null,
    beta: (interaction === null && gate === null) || hasOwn ? null : initialBias(options),
    propagate_in_depth: interaction?.propagateInDepth ?? null,
    grace: interaction?.grace || null,
    window: gate?.method === 'kvzap' ? gate.window : null,
    threshold: gate?.method === 'kvzap' ? gate.threshold : null,
    trainable: isFrozen(options) ? 'interaction' : 'all',
    distill: options.distill,
    shift_range: shiftRange === undefined ? null : [shiftRange.low, shiftRange.high],
    optimiser: {
      beta1,
      beta2,
      epsilon: EPSILON,
      weight_decay: options.weightDecay,
      clip: clip === 0 ? null : clip,
    },
    seed: options.seed,
  }
}

/** Null where one rate is for all: nothing new is trained beside what was trained before. */
function usualNewRate(options: TrainingOptions, { kind }: TrainRule, hasOwn: boolean): number | null {
  const isBeside = options.start.kind === 'checkpoint' && !isFrozen(options)
  if (kind !== 'adaptive' || hasOwn || !isBeside) return null
  return Math.min(1, NEW_WEIGHTS_RATE * options.rate)
}

function alphaSchedule({
  alpha: kind,
  alphaFrom: from,
  alphaTo: to,
  alphaSteps,
  steps,
}: TrainingOptions): AlphaSchedule {
  return kind === 'constant'
    ? { kind, value: to }
    : { kind, from, to, over: alphaSteps ?? Math.max(1, Math.round(steps * ALPHA_SHARE)) }
}

function rateSchedule({
  rateSchedule: kind,
  rate,
  rateFinal: final,
  steps,
  ...options
}: TrainingOptions): RateSchedule {
  const warmup = options.warmup ?? Math.round(steps * WARMUP_SHARE)
  return kind === 'constant' ? { kind, rate, warmup } : { kind, rate, warmup, final, over: steps }
}

/** Failure: no query would ever be out of the window, or of a token's grace. */
function checkSpared({ gate, interaction }: Gpt2Config, ctx: number): void {
  const [flag, spared] =
    gate?.method === 'kvzap' ? ['--window', gate.window] : ['--grace', interaction?.grace ?? 0]
  if (spared < ctx) return
  throw new Failure(`${flag}: must be below --ctx, ${ctx}, got ${spared}`, {
    hint: `for example ${flag} ${Math.ceil(ctx / 16)}`,
  })
}

function checkMultiple(flag: string, value: number, of: number, ofFlag: string): void {
  if (value >= of && value % of === 0) return
  throw new Failure(`${flag}: must be a multiple of ${ofFlag}, ${of}, got ${value}`, {
    hint: `for example ${flag} ${Math.max(1, Math.round(value / of)) * of}`,
  })
}

function checkControl(rule: TrainRule, ctx: number): void {
  const tokens = 'size' in rule ? rule.size : 0
  if (tokens <= ctx) return
  throw new Failure(
    `--control: ${describeRule(rule)} is longer than a sequence of ${ctx} tokens, nothing is hidden`,
    {
      hint: 'give fewer tokens, or --control dense',
    },
  )
}
