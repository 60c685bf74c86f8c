/** The file of `asp train`: JSON with the sizes of the model and the options of a training, every key checked. */
import { isObject, type JsonObject, readJsonObject } from '../data/json-file.js'
import { Failure, nearestName } from '../errors.js'
import {
  keyName,
  type OptionKind,
  type OptionRow,
  type OptionsOf,
  type OptionTable,
  parseText,
} from './option-rows.js'
import {
  type GivenOptions,
  MODEL_OPTIONS,
  OPTION_ROWS,
  TRAIN_OPTIONS,
  type TrainingOptions,
  withDefaults,
} from './options.js'

/** What a value must be in JSON: of which type, and whether several may stand in a list. A control and a range are text. */
const SHAPES: Readonly<
  Record<OptionKind, { type: 'number' | 'string' | 'boolean'; many?: true; name: string }>
> = {
  number: { type: 'number', name: 'a number' },
  whole: { type: 'number', name: 'a number' },
  numbers: { type: 'number', many: true, name: 'a number or a list of numbers' },
  choice: { type: 'string', name: 'a text' },
  flag: { type: 'boolean', name: 'true or false' },
  text: { type: 'string', name: 'a text' },
  texts: { type: 'string', many: true, name: 'a text or a list of texts' },
  control: { type: 'string', name: 'a text' },
  range: { type: 'string', name: 'a text' },
}

/**
 * Dense unless the file has gamma, a method or a control.
 * @throws Failure on a file that cannot be read, a key nobody knows, and a value of another kind
 */
export async function readOptionsFile(
  path: string,
  resume: boolean,
  onNote?: (text: string) => void,
): Promise<TrainingOptions> {
  const json = await readJsonObject(path, 'docs/finetune.md has an example')
  return { ...parseOptionsFile(json, path, onNote), resume }
}

/**
 * @param path for messages
 * @param onNote is given a line for each key by its former name
 */
export function parseOptionsFile(
  json: JsonObject,
  path: string,
  onNote?: (text: string) => void,
): TrainingOptions {
  const { model, ...rest } = json
  if (!isObject(model)) {
    throw new Failure(`${path}: must have the model's sizes as model, got ${JSON.stringify(model)}`, {
      hint: 'for example "model": { "layers": 6, "width": 192, "positions": 1024 }',
    })
  }
  for (const [name, { was }] of OPTION_ROWS) {
    if (was !== undefined && was in rest)
      onNote?.(`${path}: ${was}: now ${keyName(name)}; the old name will be removed in the next version`)
  }
  const sizes = valuesOf(model, MODEL_OPTIONS, path, 'model.') as OptionsOf<typeof MODEL_OPTIONS>
  const given = valuesOf(rest, TRAIN_OPTIONS, path, '') as GivenOptions
  const isDense = [given.gamma, given.control, given.method].every((one) => one === undefined)
  return withDefaults(isDense ? { ...given, control: { kind: 'dense' } } : given, {
    kind: 'scratch',
    ...sizes,
  })
}

/** By name in the table; without what the file does not say. */
function valuesOf(
  json: JsonObject,
  table: OptionTable,
  path: string,
  prefix: string,
): Record<string, unknown> {
  const rows = Object.entries(table).filter(([, { only }]) => only !== 'flag')
  const names = new Map(rows.map(([name]) => [keyName(name), name]))
  const values: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(json)) {
    const name = names.get(key) ?? rows.find(([, { was }]) => was === key)?.[0]
    if (name === undefined) throw unknownKey(key, [...names.keys()], path, prefix)
    values[name] = checkedValue(value, table[name], `${path}: ${prefix}${key}`)
  }
  const missing = rows.find(([name, { required }]) => required && values[name] === undefined)
  if (missing === undefined) return values
  const [name, { kind, hint, help }] = missing
  throw new Failure(`${path}: ${prefix}${keyName(name)} must be ${SHAPES[kind].name}, got nothing`, {
    hint: hint ?? help,
  })
}

function unknownKey(key: string, known: readonly string[], path: string, prefix: string): Failure {
  const near = nearestName(key, known)
  return new Failure(`${path}: has no option ${prefix}${key}`, {
    hint: near === undefined ? `there are: ${known.join(', ')}` : `did you mean ${prefix}${near}?`,
  })
}

function checkedValue(value: unknown, { kind, choices }: OptionRow, subject: string): unknown {
  const { type, many, name } = SHAPES[kind]
  const isOne = typeof value === type && (choices === undefined || choices.includes(value as string))
  const isMany = many && Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === type)
  if (!isOne && !isMany) {
    throw new Failure(`${subject} must be ${choices?.join(' or ') ?? name}, got ${JSON.stringify(value)}`, {
      hint: 'docs/finetune.md has an example',
    })
  }
  const all = isMany ? value : [value]
  // As flags have it, a number twice is one.
  if (many) return kind === 'numbers' ? [...new Set(all)] : all
  return typeof value === 'string' ? parseText(kind, value) : value
}
