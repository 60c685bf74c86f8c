/** What a row of the table of options says, the type of the options that follows from rows, and what is typed as text. Pure. */
import type { Method } from '../engine/methods.js'
import type { TrainRule } from '../engine/train/types.js'
import { Failure } from '../errors.js'
import type { TrainRunOptions } from '../record/train/schema.js'
import type { ShiftRange } from './schedule.js'

/** What an option holds, by its kind. */
interface Values {
  number: number
  /** A whole number, from 1 unless `min` says otherwise. */
  whole: number
  numbers: readonly number[]
  /** One of `choices`. */
  choice: string
  flag: boolean
  text: string
  texts: readonly string[]
  /** Typed as `dense`, `local:N` or `strided:N`. */
  control: TrainRule
  /** Typed as `a..b`. */
  range: ShiftRange
}

export type OptionKind = keyof Values

interface Details {
  required?: true
  default?: number | string | boolean | readonly string[]
  /** What is taken later where the option is not given: a number, or in words. */
  otherwise?: number | string
  choices?: readonly string[]
  min?: number
  /** In place of `min`: itself refused. */
  above?: number
  max?: number
  /** What to do about a wrong value; `help` and an example unless said. */
  hint?: string
  /** The part of a run that it decides: a resumed run must have the same. */
  decides?: keyof TrainRunOptions | 'data'
  /** The methods that it steers; it has no meaning for the others, nor for a control unless that takes it too. */
  methods?: readonly Method[]
  takesControl?: true
  /** Where there is only one of the two. */
  only?: 'flag' | 'file'
  char?: 'c' | 'o'
  /** What help shows for the value. */
  value?: string
  /** The flag can be given as `--no-...` too. */
  allowNo?: true
  /** Its former name, still taken. */
  was?: string
}

export interface OptionRow extends Details {
  kind: OptionKind
  help: string
}

/** By camelCase name. */
export type OptionTable = Readonly<Record<string, OptionRow>>

/** A row that keeps its literal types. */
export const option = <const K extends OptionKind, const D extends Details>(
  kind: K,
  help: string,
  details: D,
) => ({ kind, help, ...details })

type ValueOf<R> = R extends { choices: readonly (infer C)[] }
  ? C
  : R extends { kind: infer K extends OptionKind }
    ? Values[K]
    : never

type AlwaysThere<T> = {
  [N in keyof T]: T[N] extends { default: unknown } | { required: true } ? N : never
}[keyof T]

/** The options of a table: those without a default may be undefined. */
export type OptionsOf<T> = { [N in AlwaysThere<T>]: ValueOf<T[N]> } & {
  [N in Exclude<keyof T, AlwaysThere<T>>]?: ValueOf<T[N]>
}

/** `evalData` as a flag, `eval-data`. */
export const flagName = (name: string): string => hyphened(name, '-')

/** `evalData` as a key of a file, `eval_data`. */
export const keyName = (name: string): string => hyphened(name, '_')

const hyphened = (name: string, mark: string): string =>
  name.replace(/[A-Z]/g, (letter) => `${mark}${letter.toLowerCase()}`)

/** As messages name it: `--eval-data`; the key of what only files have. */
export const subjectOf = (name: string, { only }: Pick<OptionRow, 'only'>): string =>
  only === 'file' ? keyName(name) : `--${flagName(name)}`

/** What is typed as text, in a file and as a flag; text itself for the other kinds. */
export function parseText(kind: OptionKind, text: string): TrainRule | ShiftRange | string {
  if (kind === 'control') return parseControl(text)
  return kind === 'range' ? parseShiftRange(text) : text
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
