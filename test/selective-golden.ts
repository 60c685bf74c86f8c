/** Selective attention in float64, by PyTorch (scripts/make-selective.py): on the weights and tokens of the golden micro run. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { decodeSafetensors } from '../src/data/safetensors.js'
import { NEVER } from '../src/engine/batch.js'

/** Shifts of the threshold that there are logits and death times for. */
export const SHIFTS = { '0.0': 0, '1.0': 1 } as const

export type Shift = keyof typeof SHIFTS

/** Entries of a gradient that the file has at most. */
const ENTRIES = 64

const tensors = decodeSafetensors(
  readFileSync(fileURLToPath(new URL('fixtures/selective/micro.safetensors', import.meta.url))),
)

function bytes(name: string): ArrayBuffer {
  const tensor = tensors.get(name)
  if (tensor === undefined) throw new Error(`no tensor ${name}`)
  return new Uint8Array(tensor.bytes).buffer
}

const floats = (name: string): Float32Array => new Float32Array(bytes(name))

/** (B T, V) */
export const selectiveLogits = (which: Shift | 'undropped'): Float32Array => floats(`${which}.logits`)

/** (L, B, T) */
export const selectiveDeaths = (shift: Shift): Uint32Array =>
  Uint32Array.from(new Int32Array(bytes(`${shift}.deaths`)), (v) => (v === -1 ? NEVER : v))

/** Of a training step with gamma 0.3. */
export const selectiveLoss = {
  loss: floats('loss')[0],
  language: floats('language')[0],
  pairMean: floats('pair_mean')[0],
}

/** Of every tensor: the norm of its gradient, and some of its entries. */
export const selectiveGradients = (): { name: string; norm: number; some: Float32Array }[] =>
  [...tensors.keys()]
    .flatMap((name) => /^gradient\.(.+)$/.exec(name)?.[1] ?? [])
    .map((name) => ({ name, norm: floats(`norm.${name}`)[0], some: floats(`gradient.${name}`) }))

/** The entries of a gradient that the file has. */
export function someOf(values: Float32Array): Float32Array {
  const stride = Math.max(1, Math.floor(values.length / ENTRIES))
  return values.filter((_, i) => i % stride === 0).slice(0, ENTRIES)
}
