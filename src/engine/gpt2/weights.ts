import { Failure } from '../../errors.js'
import type { DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { bf16ToF32, f16ToF32, f32ToF16 } from '../half.js'
import type { MatmulVariant, WeightDtype } from '../matmul.js'
import type { StoredTensor, TensorSource } from '../tensor-source.js'
import type { Gpt2Config } from './config.js'
import { type VocabularySlice, vocabularySlices } from './vocabulary.js'

/** A weight matrix (K, N) in the layout its matmul wants, with its bias (N). */
export interface Linear {
  K: number
  N: number
  variant: MatmulVariant
  weight: DeviceBuffer
  bias: DeviceBuffer
}

export interface Norm {
  gain: DeviceBuffer
  bias: DeviceBuffer
}

export interface BlockWeights {
  norm1: Norm
  /** (C, 3C): queries, keys, values. */
  qkv: Linear
  /** (C, C) */
  project: Linear
  norm2: Norm
  /** (C, F) */
  expand: Linear
  /** (F, C) */
  contract: Linear
  /** (C, 2r): interaction queries, then keys; null in a checkpoint that cannot drop tokens. */
  interaction: Linear | null
  /** The scalar in every drop score (docs/method.md, Drop scores); 0 without interaction weights. */
  beta: number
}

/** One slice of the token table, serving as embedding and as output head. */
export interface TokenSlice extends VocabularySlice {
  linear: Linear
}

export interface Weights {
  tokens: TokenSlice[]
  /** (n_positions, C) */
  positions: DeviceBuffer
  blocks: BlockWeights[]
  finalNorm: Norm
}

export interface LoadOptions {
  dtype: WeightDtype
  /** Picks the matmul for a weight stored as `dtype`; `exact` where nothing else may be rounded. */
  choose: (dtype: WeightDtype, exact: boolean) => MatmulVariant
  /** Most bytes one binding may have. */
  maxBinding: number
  onProgress?: (done: number, total: number) => void
}

/** Uploads every tensor of the checkpoint. Peak host memory is the largest tensor, not the model. */
export async function loadWeights(
  memory: Memory,
  config: Gpt2Config,
  tensors: TensorSource,
  { dtype, choose, maxBinding, onProgress }: LoadOptions,
): Promise<Weights> {
  const { nEmbd: C, nInner: F, nLayer: L } = config
  let done = 0
  const get = (name: string): StoredTensor => {
    onProgress?.(done++, 12 * L + 4)
    return required(tensors, name)
  }
  const vector = async (name: string): Promise<DeviceBuffer> =>
    memory.upload('weights', name, await readF32(get(name)))
  const norm = async (name: string): Promise<Norm> => ({
    gain: await vector(`${name}.weight`),
    bias: await vector(`${name}.bias`),
  })
  const upload = (label: string, matrix: Matrix, bias: DeviceBuffer | null, exact = false): Linear => {
    const variant = choose(matrix.values instanceof Uint16Array ? 'f16' : 'f32', exact)
    const { K, N } = matrix
    return {
      K,
      N,
      variant,
      weight: memory.upload('weights', label, variant.pack(K, N, matrix.values)),
      bias: bias ?? memory.storage('weights', `${label} (no bias)`, variant.columns(N) * 4),
    }
  }
  const linear = async (name: string, K: number, N: number): Promise<Linear> => {
    const values = await readAs(get(`${name}.weight`), dtype)
    return upload(name, { K, N, values }, await vector(`${name}.bias`))
  }

  const wte = await readAs(get('wte.weight'), dtype)
  const widest = Math.floor(maxBinding / (C * (dtype === 'f16' ? 2 : 4)))
  const tokens = vocabularySlices(config.vocabSize, widest).map((slice) => {
    const rows = wte.subarray(slice.first * C, (slice.first + slice.columns) * C)
    const matrix = transposed(rows, slice.columns, C)
    return { ...slice, linear: upload(`wte[${slice.first}..]`, matrix, null) }
  })
  const positions = await vector('wpe.weight')
  const blocks: BlockWeights[] = []
  for (let l = 0; l < L; l++) {
    const at = `h.${l}`
    blocks.push({
      norm1: await norm(`${at}.ln_1`),
      qkv: await linear(`${at}.attn.c_attn`, C, 3 * C),
      project: await linear(`${at}.attn.c_proj`, C, C),
      norm2: await norm(`${at}.ln_2`),
      expand: await linear(`${at}.mlp.c_fc`, C, F),
      contract: await linear(`${at}.mlp.c_proj`, F, C),
      ...(await interactionOf(tensors, config, l, upload)),
    })
    await memory.settled()
  }
  return { tokens, positions, blocks, finalNorm: await norm('ln_f') }
}

/**
 * Interaction weights keep the precision they are stored in whatever `--dtype` says: a drop decision is a step
 * function, so rounding there changes what is dropped (docs/method.md, Decision stability).
 */
async function interactionOf(
  tensors: TensorSource,
  { interaction, nEmbd: C }: Gpt2Config,
  layer: number,
  upload: (label: string, matrix: Matrix, bias: DeviceBuffer | null, exact: boolean) => Linear,
): Promise<Pick<BlockWeights, 'interaction' | 'beta'>> {
  if (interaction === null) return { interaction: null, beta: 0 }
  const [q, k, beta] = ['q_int.weight', 'k_int.weight', 'int_bias'].map((name) =>
    required(tensors, `h.${layer}.attn.${name}`),
  )
  const kept: WeightDtype = q.dtype === 'F16' && k.dtype === 'F16' ? 'f16' : 'f32'
  const both = [await readAs(q, kept), await readAs(k, kept)]
  const rows =
    kept === 'f16' ? new Uint16Array(2 * interaction.dim * C) : new Float32Array(2 * interaction.dim * C)
  rows.set(both[0])
  rows.set(both[1], interaction.dim * C)
  const matrix = transposed(rows, 2 * interaction.dim, C)
  const linear = upload(`h.${layer}.attn.q_int,k_int`, matrix, null, true)
  return { interaction: linear, beta: (await readF32(beta))[0] }
}

/** @throws Failure when there is none of that name */
export function required(tensors: TensorSource, name: string): StoredTensor {
  const tensor = tensors.get(name)
  if (tensor === undefined) throw new Failure(`checkpoint: tensor ${name} is missing`)
  return tensor
}

/** Row-major (K, N): numbers, or the bits of halves. */
interface Matrix {
  K: number
  N: number
  values: Float32Array | Uint16Array
}

/** (rows, K) -> (K, rows). */
function transposed(values: Float32Array | Uint16Array, rows: number, K: number): Matrix {
  const out = values instanceof Uint16Array ? new Uint16Array(rows * K) : new Float32Array(rows * K)
  for (let n = 0; n < rows; n++) for (let k = 0; k < K; k++) out[k * rows + n] = values[n * K + k]
  return { K, N: rows, values: out }
}

async function readAs(tensor: StoredTensor, dtype: WeightDtype): Promise<Float32Array | Uint16Array> {
  if (dtype === 'f32') return readF32(tensor)
  if (tensor.dtype === 'F16') return words(await tensor.read())
  return converted(await readF32(tensor), (count) => new Uint16Array(count), f32ToF16)
}

/** The values of a tensor, however stored. */
export async function readF32(tensor: StoredTensor): Promise<Float32Array> {
  const bytes = await tensor.read()
  if (tensor.dtype === 'F32') return new Float32Array(bytes.slice().buffer)
  const toF32 = tensor.dtype === 'F16' ? f16ToF32 : bf16ToF32
  return converted(words(bytes), (count) => new Float32Array(count), toF32)
}

/** `Uint16Array.from` with a function takes forty times as long: half a minute for GPT-2. */
function converted<To extends Float32Array | Uint16Array>(
  from: Float32Array | Uint16Array,
  create: (count: number) => To,
  convert: (value: number) => number,
): To {
  const to = create(from.length)
  for (let i = 0; i < from.length; i++) to[i] = convert(from[i])
  return to
}

function words(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.slice().buffer)
}
