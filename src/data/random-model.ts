/**
 * `--model random:gpt2`: a GPT-2 of any size with seeded random weights, for measuring speed and memory without a
 * download. Scaled as GPT-2 is initialised, made tensor by tensor when asked for, and never of any use as a model.
 */
import { AS_GPT2, GATE_NAMES, type Gpt2Config, HEAD_DIM } from '../engine/gpt2/config.js'
import type { StoredTensor, TensorSource } from '../engine/tensor-source.js'
import { Failure } from '../errors.js'
import { gpt2Tensors } from './gpt2-names.js'
import { sizeOf } from './safetensors.js'

export interface RandomModel {
  /** As typed, such as `random:gpt2`. */
  id: string
  config: Gpt2Config
  tensors: TensorSource
  parameters: number
  /** Of the f32 values that `read` gives. */
  bytes: number
}

export const RANDOM_PREFIX = 'random:'

/** C and L of the released sizes. */
const SIZES: Readonly<Record<string, readonly [width: number, layers: number]>> = {
  gpt2: [768, 12],
  'gpt2-medium': [1024, 24],
  'gpt2-large': [1280, 36],
  'gpt2-xl': [1600, 48],
}

const SHAPE = /^(?<width>\d+)x(?<layers>\d+)$/
const HINT = `random:gpt2, random:gpt2-medium, random:gpt2-large, random:gpt2-xl or random:<width>x<layers>, as in random:384x6`

/** Past these a typing mistake is likelier than a wish: gpt2-xl is 1600 wide and 48 deep. */
const MOST = { width: 8192, layers: 128 }

export const isRandomModel = (spec: string | undefined): boolean => spec?.startsWith(RANDOM_PREFIX) ?? false

/**
 * @param spec `random:` and a released size, or a width that is a multiple of 64 and a number of layers
 * @throws Failure on any other spec
 */
export function randomModel(spec: string, seed: number): RandomModel {
  const config = configOf(spec)
  const parameters = gpt2Tensors(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return { id: spec, config, tensors: initialTensors(config, { seed }), parameters, bytes: 4 * parameters }
}

/** A model of any sizes as training begins with it: every tensor is seeded by its name, so each is the same alone. */
export function initialTensors(
  config: Gpt2Config,
  { seed, beta = 2 }: { seed: number; beta?: number },
): TensorSource {
  const normal = normalTable(seed)
  return new Map(
    gpt2Tensors(config).map(({ name, shape }): [string, StoredTensor] => [
      name,
      {
        dtype: 'F32',
        shape,
        read: async () => {
          if (name.endsWith('int_bias') || name.endsWith(GATE_NAMES[1]))
            return new Uint8Array(Float32Array.of(beta).buffer)
          return new Uint8Array(values(name, sizeOf(shape), config, normal, seed).buffer)
        },
      },
    ]),
  )
}

function configOf(spec: string): Gpt2Config {
  const name = spec.slice(RANDOM_PREFIX.length)
  const { groups } = SHAPE.exec(name) ?? {}
  const [C, L] = Object.hasOwn(SIZES, name) ? SIZES[name] : [Number(groups?.width), Number(groups?.layers)]
  const fits = C >= HEAD_DIM && C % HEAD_DIM === 0 && C <= MOST.width && L >= 1 && L <= MOST.layers
  if (!fits) {
    throw new Failure(
      `--model: must name a size of random weights, a multiple of ${HEAD_DIM} wide, got ${JSON.stringify(spec)}`,
      { hint: HINT },
    )
  }
  return {
    vocabSize: 50_257,
    nPositions: 1024,
    nEmbd: C,
    nLayer: L,
    nHead: C / HEAD_DIM,
    nInner: 4 * C,
    layerNormEpsilon: 1e-5,
    ...AS_GPT2,
    // r of the paper; the scores are computed, and a synthetic rule then ignores them.
    interaction: { dim: 64, propagateInDepth: false, grace: 0 },
  }
}

/** Initial values of a tensor: constants by its name, or normal ones of this standard deviation. */
function initialValue(name: string, { nLayer: L }: Gpt2Config): { constant: number } | { deviation: number } {
  if (/ln_(1|2|f)\.weight$/.test(name)) return { constant: 1 }
  if (name.endsWith('.bias')) return { constant: 0 }
  if (name === 'wpe.weight') return { deviation: 0.01 }
  // Outputs that are added to the residual stream, 2 L times in all.
  return { deviation: name.endsWith('c_proj.weight') ? 0.02 / Math.sqrt(2 * L) : 0.02 }
}

/** The same values whatever tensors were read before: each has a stream of its own, seeded by its name. */
function values(
  name: string,
  count: number,
  config: Gpt2Config,
  normal: Float32Array,
  seed: number,
): Float32Array {
  const initial = initialValue(name, config)
  const out = new Float32Array(count)
  if ('constant' in initial) return out.fill(initial.constant)
  const scaled = normal.map((value) => value * initial.deviation)
  let state = hash(name, seed)
  // Two draws of 16 bits a word of xorshift32: 124 M values take about a second.
  for (let i = 0; i < count; i += 2) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    out[i] = scaled[state & 0xffff]
    if (i + 1 < count) out[i + 1] = scaled[state >>> 16]
  }
  return out
}

/** 65,536 draws from the standard normal distribution, in pairs of z and -z and scaled to variance 1 exactly. */
function normalTable(seed: number): Float32Array {
  const table = new Float32Array(0x10000)
  let state = hash('normal', seed)
  const uniform = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return ((state >>> 0) + 0.5) / 2 ** 32
  }
  for (let i = 0; i < table.length; i += 2) {
    table[i] = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    table[i + 1] = -table[i]
  }
  const variance = table.reduce((sum, z) => sum + z * z, 0) / table.length
  return table.map((z) => z / Math.sqrt(variance))
}

/** FNV-1a over the text, from the seed; never 0, where xorshift would stay. */
function hash(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h === 0 ? 1 : h
}
