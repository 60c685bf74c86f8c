/** A file with something wrong in it: how it is changed depends on what it is, and on the random numbers alone. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { PARQUET_MUTATORS, SAFETENSORS_MUTATORS } from './mutate-binary.js'
import { BYTE_MUTATORS, type Mutator } from './mutate-bytes.js'
import { mutateJson } from './mutate-json.js'
import { TEXT_MUTATORS } from './mutate-text.js'
import type { Random } from './random.js'

/** What a file is, to whoever changes it. */
export type Form = 'json' | 'jsonl' | 'text' | 'gzip' | 'safetensors' | 'parquet'

/** Applies one or a few changes to the bytes. */
export function mutate(bytes: Buffer, form: Form, random: Random): Buffer {
  let changed = bytes
  for (let left = random.chance(0.7) ? 1 : 1 + random.below(4); left > 0; left--)
    changed = once(changed, form, random)
  return changed
}

function once(bytes: Buffer, form: Form, random: Random): Buffer {
  const own = OWN[form]
  const mutators = random.chance(0.75) ? own : Object.values(BYTE_MUTATORS)
  return random.pick(mutators)(bytes, random)
}

const json: Mutator = (bytes, random) => {
  const text = mutateJson(bytes.toString('utf8'), random)
  return text === null ? anyBytes(bytes, random) : Buffer.from(text)
}

/** One line of many. */
const jsonLine: Mutator = (bytes, random) => {
  const lines = bytes.toString('utf8').split('\n')
  const at = random.below(Math.max(1, lines.length - 1))
  lines[at] = mutateJson(lines[at], random) ?? lines[at]
  return Buffer.from(lines.join('\n'))
}

const anyBytes: Mutator = (bytes, random) => random.pick(Object.values(BYTE_MUTATORS))(bytes, random)

/** What is packed, changed before it is packed. */
const packed: Mutator = (bytes, random) => {
  try {
    return gzipSync(jsonLine(gunzipSync(bytes), random), { level: 1 })
  } catch {
    return anyBytes(bytes, random)
  }
}

const OWN: Readonly<Record<Form, readonly Mutator[]>> = {
  json: [json],
  jsonl: [jsonLine, jsonLine, jsonLine, ...TEXT_MUTATORS],
  text: TEXT_MUTATORS,
  gzip: [packed],
  safetensors: SAFETENSORS_MUTATORS,
  parquet: PARQUET_MUTATORS,
}
