/** The file of `asp train`: JSON with the sizes of the model and the flags of `asp finetune`, every key checked. */
import { isObject, type JsonObject, readJsonObject } from '../data/json-file.js'
import { Failure, nearestName } from '../errors.js'
import { ALPHA_SCHEDULES, GAMMA_CONVENTIONS, RATE_SCHEDULES } from '../record/train/schema.js'
import { RECOMPUTE_MODES, SAVE_DTYPES, type StartOptions } from './options.js'

/** What a key holds. A list of numbers may be one number. */
type Kind = 'number' | 'numbers' | 'text' | 'texts' | 'flag' | readonly string[]

/** Sizes of the model. */
const MODEL_KEYS = { layers: 'number', width: 'number', positions: 'number', tokenizer: 'text' } as const

/** Flags of `asp finetune`, with _ for -, and what a flag does not offer. */
const KEYS = {
  data: 'texts',
  eval_data: 'texts',
  column: 'text',
  held_out: 'number',
  out: 'text',
  gamma: 'numbers',
  gamma_convention: GAMMA_CONVENTIONS,
  control: 'text',
  steps: 'number',
  alpha: ALPHA_SCHEDULES,
  alpha_from: 'number',
  alpha_to: 'number',
  alpha_steps: 'number',
  rate: 'number',
  warmup: 'number',
  rate_schedule: RATE_SCHEDULES,
  rate_final: 'number',
  rate_interaction: 'number',
  weight_decay: 'number',
  clip: 'number',
  beta1: 'number',
  beta2: 'number',
  int_dim: 'number',
  beta: 'number',
  propagate_in_depth: 'flag',
  shift_range: 'text',
  ctx: 'number',
  batch_tokens: 'number',
  micro_tokens: 'number',
  recompute: RECOMPUTE_MODES,
  seed: 'number',
  eval_every: 'number',
  save_every: 'number',
  spike: 'number',
  save_dtype: SAVE_DTYPES,
  push: 'text',
} as const satisfies Record<string, Kind>

export interface TrainConfig {
  start: StartOptions
  /** As flags of `asp finetune` would give them. */
  flags: Record<string, string | boolean | string[]>
}

/** @throws Failure on a file that cannot be read, a key nobody knows, and a value of another kind */
export async function readTrainConfig(path: string): Promise<TrainConfig> {
  return parseTrainConfig(await readJsonObject(path, 'docs/finetune.md has an example'), path)
}

/** @param path for messages */
export function parseTrainConfig(json: JsonObject, path: string): TrainConfig {
  const { model, ...rest } = json
  if (!isObject(model)) {
    throw new Failure(`${path}: must have the model's sizes as model, got ${JSON.stringify(model)}`, {
      hint: 'for example "model": { "layers": 6, "width": 192, "positions": 1024 }',
    })
  }
  checkKeys(model, MODEL_KEYS, path, 'model.')
  checkKeys(rest, KEYS, path, '')
  for (const key of ['layers', 'width', 'positions'] as const) {
    if (model[key] === undefined) {
      throw new Failure(`${path}: model.${key} must be a number, got nothing`, {
        hint: 'gpt2 has 12, 768 and 1024',
      })
    }
  }
  const { layers, width, positions, tokenizer } = model as Record<string, number> & { tokenizer?: string }
  const flags = Object.entries(rest).map(
    ([key, value]) => [key.replaceAll('_', '-'), flagValue(value, key)] as const,
  )
  return { start: { kind: 'scratch', layers, width, positions, tokenizer }, flags: Object.fromEntries(flags) }
}

function checkKeys(
  json: JsonObject,
  known: Readonly<Record<string, Kind>>,
  path: string,
  prefix: string,
): void {
  for (const [key, value] of Object.entries(json)) {
    if (!Object.hasOwn(known, key)) {
      const near = nearestName(key, Object.keys(known))
      throw new Failure(`${path}: has no option ${prefix}${key}`, {
        hint:
          near === undefined
            ? `there are: ${Object.keys(known).join(', ')}`
            : `did you mean ${prefix}${near}?`,
      })
    }
    const kind = known[key]
    if (holds(kind, value)) continue
    throw new Failure(`${path}: ${prefix}${key} must be ${nameOf(kind)}, got ${JSON.stringify(value)}`, {
      hint: 'docs/finetune.md has an example',
    })
  }
}

function holds(kind: Kind, value: unknown): boolean {
  const all = (type: string): boolean =>
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === type)
  if (kind === 'number') return typeof value === 'number'
  if (kind === 'numbers') return typeof value === 'number' || all('number')
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'texts') return typeof value === 'string' || all('string')
  if (kind === 'flag') return typeof value === 'boolean'
  return typeof value === 'string' && kind.includes(value)
}

function nameOf(kind: Kind): string {
  if (kind === 'numbers') return 'a number or a list of numbers'
  if (kind === 'texts') return 'a text or a list of texts'
  if (kind === 'flag') return 'true or false'
  return typeof kind === 'string' ? `a ${kind}` : kind.join(' or ')
}

/** As a flag gives it: numbers as text, several in one, names in a list. */
function flagValue(value: unknown, key: string): string | boolean | string[] {
  if (typeof value === 'boolean') return value
  if (KEYS[key as keyof typeof KEYS] === 'texts')
    return Array.isArray(value) ? value.map(String) : [String(value)]
  return Array.isArray(value) ? value.join(',') : String(value)
}
