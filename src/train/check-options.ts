/** What of a training's options can be checked without reading anything. Pure. */
import { METHODS } from '../engine/methods.js'
import { Failure } from '../errors.js'
import { type OptionRow, type OptionTable, subjectOf } from './option-rows.js'
import {
  describeRule,
  MODEL_OPTIONS,
  OPTION_ROWS,
  ruleOf,
  TRAIN_OPTIONS,
  type TrainingOptions,
} from './options.js'

/** Throws a Failure at the first thing that no checkpoint and no text could make right. */
export function checkTraining(options: TrainingOptions): void {
  if (options.start.kind === 'scratch') {
    const sizes: OptionTable = MODEL_OPTIONS
    for (const [name, row] of Object.entries(sizes)) checkBounds(name, row, options.start[name as 'layers'])
  }
  const values: Readonly<Record<string, unknown>> = options
  for (const [name, row] of OPTION_ROWS) {
    const value = values[name]
    for (const one of Array.isArray(value) ? value : [value]) checkBounds(subjectOf(name, row), row, one)
  }
  checkGiven(options)
  checkRule(options)
  checkAlpha(options)
  checkShiftRange(options)
}

/** `min` and `max` of numbers; anything else passes. */
function checkBounds(subject: string, row: OptionRow, value: unknown): void {
  if (typeof value !== 'number') return
  const { kind, above, max, help } = row
  const min = row.min ?? (kind === 'whole' ? 1 : Number.NEGATIVE_INFINITY)
  const fits = (above === undefined ? value >= min : value > above) && (max === undefined || value <= max)
  if (fits && Number.isFinite(value) && (kind !== 'whole' || Number.isInteger(value))) return
  const example = [row.default, row.otherwise].find((one) => typeof one === 'number')
  throw new Failure(
    `${subject}: must be a ${kind === 'whole' ? 'whole ' : ''}number ${describeBounds(row)}, got ${value}`,
    { hint: row.hint ?? (example === undefined ? help : `${help}, such as ${example}`) },
  )
}

/** `from 0 to 1`, `above 0`; empty where any number will do. */
export function describeBounds({ kind, above, min, max }: OptionRow): string {
  const least = min ?? (kind === 'whole' ? 1 : undefined)
  const low = above === undefined ? (least === undefined ? '' : `from ${least}`) : `above ${above}`
  if (max === undefined) return low
  return low === '' ? `up to ${max}` : `${low} to ${max}`
}

const REPO = /^\w[\w.-]*\/\w[\w.-]*$/

function checkGiven({ data, output, push }: TrainingOptions): void {
  if (data.length === 0) {
    throw new Failure('--data: must name text to train on, got none', {
      hint: 'text files, folders, .jsonl(.gz) files or a Hub dataset as owner/name:split',
    })
  }
  if (output.trim() === '') {
    throw new Failure('--output: must name a folder, got nothing', {
      hint: 'for example --output my-checkpoint',
    })
  }
  if (push !== undefined && !REPO.test(push)) {
    throw new Failure(`--push: must be owner/name of a model on the Hub, got ${JSON.stringify(push)}`, {
      hint: 'for example --push someone/gpt2-pruned',
    })
  }
}

/** A control learns nothing about dropping, and each method what it does, so whatever steers another is refused. */
function checkRule(options: TrainingOptions): void {
  const { gamma, control, method } = options
  checkMethod(options)
  if (control === undefined) {
    const twice = gamma?.find((one, i) => gamma.indexOf(one) < i)
    if (gamma?.length === 0 || twice !== undefined) {
      const got = twice === undefined ? 'none' : `${twice} twice`
      throw new Failure(`--gamma: must name weights of the sparsity loss, each once, got ${got}`, {
        hint: 'for example --gamma 0.3 or --gamma 0.1,0.3,1',
      })
    }
  }
  const values: Readonly<Record<string, unknown>> = options
  const found = OPTION_ROWS.find(
    ([name, { methods, takesControl, default: usual }]) =>
      methods !== undefined &&
      !(control === undefined ? methods.includes(method) : takesControl) &&
      values[name] !== undefined &&
      values[name] !== usual,
  )
  if (found === undefined) return
  const subject = subjectOf(...found)
  const [who, other] = control === undefined ? [`--method ${method}`, '--method'] : ['a control', '--control']
  throw new Failure(
    `${subject}: has no meaning for ${who}${control === undefined ? '' : `, got ${describeRule(ruleOf(options))}`}`,
    { hint: `leave out ${subject} or ${other}` },
  )
}

function checkMethod({ control, method, freeze }: TrainingOptions): void {
  if (control !== undefined && method !== TRAIN_OPTIONS.method.default) {
    throw new Failure(`--method ${method}: has no meaning for a control, got ${describeRule(control)}`, {
      hint: 'leave out --method or --control',
    })
  }
  if (METHODS[method].frozen === 'never' && freeze === true) {
    throw new Failure(`--freeze: --method ${method} has no weights of its own, the model itself learns`, {
      hint: 'leave out --freeze',
    })
  }
  if (METHODS[method].frozen !== 'always' || freeze !== false) return
  throw new Failure(`--no-freeze: --method ${method} learns about the model as it is`, {
    hint: 'leave out --no-freeze',
  })
}

function checkAlpha({ alpha, alphaSteps }: TrainingOptions): void {
  if (alpha !== 'constant' || alphaSteps === undefined) return
  throw new Failure(`--alpha-steps ${alphaSteps}: has no meaning with --alpha constant`, {
    hint: 'leave one of them out',
  })
}

function checkShiftRange({ shiftRange: range }: TrainingOptions): void {
  if (range === undefined || (range.low <= 0 && range.high >= 0 && range.low < range.high)) return
  throw new Failure(
    `--shift-range: must rise and hold 0, the checkpoint's own threshold, got ${range.low}..${range.high}`,
    { hint: 'for example --shift-range -1..1' },
  )
}
