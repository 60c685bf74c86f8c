/** GPT-2s with heads of several widths: their weights, and what transformers makes of them (scripts/make-head-cases.py). */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseGpt2Config } from '../../src/data/gpt2-config.js'
import { decodeSafetensors } from '../../src/data/safetensors.js'
import { AS_GPT2, type Gpt2Config, headDim } from '../../src/engine/gpt2/config.js'
import type { TensorSource } from '../../src/engine/tensor-source.js'

const path = (name: string) => fileURLToPath(new URL(`../fixtures/heads/${name}`, import.meta.url))

/** Entries of a gradient that the files have at most. */
const ENTRIES = 64

export interface HeadModel {
  /** D */
  width: number
  config: Gpt2Config
  /** As config.json has it, and the shape of every tensor, of transformers. */
  json: Record<string, string | number>
  shapes: Readonly<Record<string, readonly number[]>>
}

export const MODELS: readonly HeadModel[] = JSON.parse(readFileSync(path('models.json'), 'utf8')).map(
  ({ config: json, shapes }: { config: HeadModel['json']; shapes: HeadModel['shapes'] }): HeadModel => {
    const { config: parsed } = parseGpt2Config(json, 'models.json')
    const config = { ...AS_GPT2, ...parsed, interaction: null }
    return { width: headDim(config), config, json, shapes }
  },
)

/** Every tensor by canonical name. */
export function weightsOf({ shapes }: Pick<HeadModel, 'shapes'>): Map<string, Float32Array> {
  return new Map(
    Object.entries(shapes)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape], seed) => {
        const values = drawn(sizeOf(shape), seed)
        if (name.endsWith('bias')) return [name, Float32Array.from(values, (value) => 0.4 * value)]
        if (name.includes('ln_')) return [name, Float32Array.from(values, (value) => 1 + value)]
        if (!name.startsWith('h.')) return [name, Float32Array.from(values)]
        return [name, Float32Array.from(values, (value) => (4 * value) / Math.sqrt(shape[0]))]
      }),
  )
}

/** As a checkpoint would hold them. */
export const tensorsOf = (weights: ReadonlyMap<string, Float32Array>): TensorSource =>
  new Map(
    [...weights].map(([name, values]) => [
      name,
      { dtype: 'F32', shape: [], read: async () => new Uint8Array(values.slice().buffer) },
    ]),
  )

/** What transformers gives. */
export interface HeadCase {
  /** B sequences of T tokens. */
  sequences: Uint32Array[]
  /** (B T, V) */
  logits: Float32Array
  /** Of predicting each token after the first. */
  loss: number
  /** Of every tensor: the norm of its gradient, and some of its entries. */
  gradients: Map<string, { norm: number; some: Float32Array }>
}

export function caseOf({ width }: Pick<HeadModel, 'width'>): HeadCase {
  const tensors = decodeSafetensors(readFileSync(path(`${width}.safetensors`)))
  const bytes = (name: string): ArrayBuffer => new Uint8Array(tensors.get(name)?.bytes ?? []).buffer
  const floats = (name: string) => new Float32Array(bytes(name))
  const tokens = new Uint32Array(bytes('tokens'))
  const [B, T] = tensors.get('tokens')?.shape ?? []
  const names = [...tensors.keys()].flatMap((name) => /^gradient\.(.+)$/.exec(name)?.[1] ?? [])
  return {
    sequences: Array.from({ length: B }, (_, b) => tokens.slice(b * T, (b + 1) * T)),
    logits: floats('logits'),
    loss: floats('loss')[0],
    gradients: new Map(
      names.map((name) => [name, { norm: floats(`norm.${name}`)[0], some: floats(`gradient.${name}`) }]),
    ),
  }
}

/** The entries of a gradient that a case has. */
export function someOf(values: Float32Array): Float32Array {
  const stride = Math.max(1, Math.floor(values.length / ENTRIES))
  return values.filter((_, i) => i % stride === 0).slice(0, ENTRIES)
}

/** Uniform in [-0.5, 0.5), each a hash of its index and the seed. */
function drawn(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i + 1, 0x9e3779b9) + Math.imul(seed + 1, 0x85ebca6b)) >>> 0
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d) >>> 0
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b) >>> 0
    h = (h ^ (h >>> 16)) >>> 0
    return (h >>> 8) / 2 ** 24 - 0.5
  })
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1)
