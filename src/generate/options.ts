/** What `asp generate` is asked for, and the checks that need neither checkpoint nor device. */
import type { CacheKind, Sampling } from '../engine/decode/types.js'
import type { WeightDtype } from '../engine/matmul.js'
import { Failure } from '../errors.js'
import type { LevelFlags } from '../pruning/choose.js'
import type { ModelOptions } from '../run/model.js'

export interface GenerateOptions extends ModelOptions, LevelFlags {
  cache: CacheKind
  cacheDtype: WeightDtype
  /** New tokens of a text at most. */
  maxTokens: number
  /** Undefined: the arg max, unless something else asks for draws. */
  temperature?: number
  topK?: number
  topP?: number
  seed?: number
  /** Texts of each prompt. */
  n: number
  /** Texts at a time; undefined: as many as there are, up to eight. */
  batch?: number
  stops: readonly string[]
  ignoreEos: boolean
  showDrops: boolean
  /** The only layer whose drops are shown. */
  layer?: number
  /** Whether drops are written down. */
  trace: boolean
  /** The arguments as typed. */
  command: readonly string[]
}

/** Of texts that are drawn. */
export const DEFAULT_TEMPERATURE = 1
export const DEFAULT_SEED = 1234

/** Asking for what only draws have is asking for draws. */
export function samplingOf({ temperature, topK, topP, seed, n }: GenerateOptions): Sampling {
  const draws = topK !== undefined || topP !== undefined || seed !== undefined || n > 1
  return {
    temperature: temperature ?? (draws ? DEFAULT_TEMPERATURE : 0),
    topK: topK ?? 0,
    topP: topP ?? 1,
    seed: seed ?? DEFAULT_SEED,
  }
}

const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least

interface Rule {
  flag: string
  value: number | undefined
  holds(value: number): boolean
  must: string
  hint: string
}

/** @throws Failure with the flag that is out of its bounds */
export function checkOptions(options: GenerateOptions): void {
  const { maxTokens, temperature, topK, topP, seed, n, batch, stops } = options
  const { layer, showDrops } = options
  const whole = (flag: string, value: number | undefined, least: number, hint: string): Rule => ({
    flag,
    value,
    holds: (given) => isWhole(given, least),
    must: `a whole number from ${least}`,
    hint,
  })
  const rules: Rule[] = [
    whole('--max-tokens', maxTokens, 1, '--max-tokens 128'),
    whole('--n', n, 1, '--n 4 for four texts of each prompt'),
    whole('--batch-size', batch, 1, 'leave it out for up to eight texts at a time'),
    whole('--top-k', topK, 0, '--top-k 40, or 0 for no limit'),
    whole('--layer', layer, 0, 'layers count from 0'),
    {
      flag: '--seed',
      value: seed,
      holds: (given) => isWhole(given, 0) && given < 2 ** 32,
      must: 'a whole number from 0 to 4294967295',
      hint: '--seed 1',
    },
    {
      flag: '--temperature',
      value: temperature,
      holds: (given) => Number.isFinite(given) && given >= 0,
      must: 'a number from 0',
      hint: '0 takes the likeliest token, 1 draws as the model says',
    },
    {
      flag: '--top-p',
      value: topP,
      holds: (given) => given > 0 && given <= 1,
      must: 'above 0 and at most 1',
      hint: '--top-p 0.9, or 1 for no limit',
    },
  ]
  for (const { flag, value, holds, must, hint } of rules) {
    if (value === undefined || holds(value)) continue
    throw new Failure(`${flag}: must be ${must}, got ${value}`, { hint })
  }
  if (stops.includes('')) {
    throw new Failure('--stop: must be a text, got an empty one', { hint: "--stop '.' or --stop $'\\n'" })
  }
  if (layer !== undefined && !showDrops) {
    throw new Failure(`--layer ${layer}: says whose drops are shown, got no --show-drops`, {
      hint: 'add --show-drops, or leave --layer out: a trace has all layers',
    })
  }
}
