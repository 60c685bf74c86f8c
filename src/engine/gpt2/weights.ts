import type { DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import type { MatmulVariant, WeightDtype } from '../matmul.js'
import { type TensorSource, UNTIED_HEAD } from '../tensor-source.js'
import {
  attentionWidth,
  GATE_COLUMNS,
  GATE_NAMES,
  type GateConfig,
  type Gpt2Config,
  hasBias,
  headDim,
  headWidth,
} from './config.js'
import { gateBeta } from './gate.js'
import { padRuns } from './padding.js'
import { readAs, readF32, required } from './read-tensor.js'
import { selectionWeights } from './selection.js'
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
  /** (C, 3A): queries, keys, values. */
  qkv: Linear
  /** (A, C) */
  project: Linear
  norm2: Norm
  /** (C, F) */
  expand: Linear
  /** (F, C) */
  contract: Linear
  /**
   * (C, 2r): interaction queries, then keys, or those of the first head; (C, 4): a gate and zeros; null in a checkpoint that
   * cannot drop tokens.
   */
  interaction: Linear | null
  /** The scalar in every drop score (docs/method.md, Drop scores and Gates); 0 where there are none. */
  beta: number
}

/** One slice of the token table, or of an output head of the same shape. */
export interface TokenSlice extends VocabularySlice {
  linear: Linear
}

export interface Weights {
  tokens: TokenSlice[]
  /** The output head, cut as `tokens` is, and the very same slices where the two are tied. */
  head: TokenSlice[]
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

/**
 * Uploads every tensor of the checkpoint. Peak host memory is the largest tensor, not the model.
 * @throws Failure when a tensor is missing, or holds what is no finite number as stored or as `dtype`
 */
export async function loadWeights(
  memory: Memory,
  config: Gpt2Config,
  tensors: TensorSource,
  { dtype, choose, maxBinding, onProgress }: LoadOptions,
): Promise<Weights> {
  const { nEmbd: C, nInner: F, nLayer: L } = config
  let done = 0
  const total = countTensors(config)
  const tell = (): void => onProgress?.(done++, total)
  const [D, P, A] = [headDim(config), headWidth(config), attentionWidth(config)]
  /** `each`: numbers that belong to a dimension of a head; 0 where they belong to none. */
  const padded = <T extends Float32Array | Uint16Array>(values: T, each: number): T =>
    each === 0 ? values : padRuns(values, each * D, each * P)
  const vector = async (name: string, each = 0): Promise<DeviceBuffer> => {
    tell()
    return memory.upload('weights', name, padded(await readF32(tensors, name), each))
  }
  const norm = async (name: string): Promise<Norm> => ({
    gain: await vector(`${name}.weight`),
    bias: hasBias(config, `${name}.bias`)
      ? await vector(`${name}.bias`)
      : memory.storage('weights', `${name} (no bias)`, C * 4),
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
  const linear = async (
    name: string,
    K: number,
    N: number,
    each: { weight: number; bias: number } = { weight: 0, bias: 0 },
  ): Promise<Linear> => {
    tell()
    const values = padded(await readAs(tensors, `${name}.weight`, dtype), each.weight)
    const bias = hasBias(config, `${name}.bias`) ? await vector(`${name}.bias`, each.bias) : null
    return upload(name, { K, N, values }, bias)
  }

  const widest = Math.floor(maxBinding / (C * (dtype === 'f16' ? 2 : 4)))
  const table = async (name: string, label: string): Promise<TokenSlice[]> => {
    tell()
    const values = await readAs(tensors, name, dtype)
    return vocabularySlices(config.vocabSize, widest).map((slice) => {
      const rows = values.subarray(slice.first * C, (slice.first + slice.columns) * C)
      const matrix = transposed(rows, slice.columns, C)
      return { ...slice, linear: upload(`${label}[${slice.first}..]`, matrix, null) }
    })
  }

  /** What drop decisions of a layer are made from. */
  const decisionOf = async (layer: number): Promise<Pick<BlockWeights, 'interaction' | 'beta'>> => {
    if (config.gate !== null) return gateOf(tensors, config.gate, C, layer, upload)
    if (!config.selective) return interactionOf(tensors, config, layer, upload)
    const { label, values, bias } = await selectionWeights(tensors, config, layer)
    const biases = memory.upload('weights', `${label} (bias)`, bias)
    return { interaction: upload(label, { K: C, N: 2 * D, values }, biases, true), beta: 0 }
  }

  const tokens = await table('wte.weight', 'wte')
  const head = config.untiedHead ? await table(UNTIED_HEAD, 'lm_head') : tokens
  const positions = await vector('wpe.weight')
  const blocks: BlockWeights[] = []
  for (let l = 0; l < L; l++) {
    const at = `h.${l}`
    blocks.push({
      norm1: await norm(`${at}.ln_1`),
      qkv: await linear(`${at}.attn.c_attn`, C, 3 * A, { weight: 1, bias: 1 }),
      project: await linear(`${at}.attn.c_proj`, A, C, { weight: C, bias: 0 }),
      norm2: await norm(`${at}.ln_2`),
      expand: await linear(`${at}.mlp.c_fc`, C, F),
      contract: await linear(`${at}.mlp.c_proj`, F, C),
      ...(await decisionOf(l)),
    })
    await memory.settled()
  }
  return { tokens, head, positions, blocks, finalNorm: await norm('ln_f') }
}

/** Tensors that loading tells of: all but those of the interaction. */
function countTensors({ nLayer: L, absentBiases, untiedHead }: Gpt2Config): number {
  const last = Number(absentBiases.includes('ln_f.bias'))
  return L * (12 - absentBiases.length + last) + 4 - last + Number(untiedHead)
}

type Upload = (label: string, matrix: Matrix, bias: DeviceBuffer | null, exact: boolean) => Linear

/**
 * Interaction weights keep the precision they are stored in whatever `--dtype` says: a drop decision is a step
 * function, so rounding there changes what is dropped (docs/method.md, Decision stability).
 */
async function interactionOf(
  tensors: TensorSource,
  { interaction, nEmbd: C }: Gpt2Config,
  layer: number,
  upload: Upload,
): Promise<Pick<BlockWeights, 'interaction' | 'beta'>> {
  if (interaction === null) return { interaction: null, beta: 0 }
  const [q, k, beta] = ['q_int.weight', 'k_int.weight', 'int_bias'].map((name) => `h.${layer}.attn.${name}`)
  const halves = [q, k].every((name) => required(tensors, name).dtype === 'F16')
  const kept: WeightDtype = halves ? 'f16' : 'f32'
  const both = [await readAs(tensors, q, kept), await readAs(tensors, k, kept)]
  const rows =
    kept === 'f16' ? new Uint16Array(2 * interaction.dim * C) : new Float32Array(2 * interaction.dim * C)
  rows.set(both[0])
  rows.set(both[1], interaction.dim * C)
  const matrix = transposed(rows, 2 * interaction.dim, C)
  const linear = upload(`h.${layer}.attn.q_int,k_int`, matrix, null, true)
  return { interaction: linear, beta: (await readF32(tensors, beta))[0] }
}

/** As `interactionOf`: the gate's row of weights is the first of four columns, the others are 0. */
async function gateOf(
  tensors: TensorSource,
  gate: GateConfig,
  C: number,
  layer: number,
  upload: Upload,
): Promise<Pick<BlockWeights, 'interaction' | 'beta'>> {
  const [weight, bias] = GATE_NAMES.map((name) => `h.${layer}.${name}`)
  const kept: WeightDtype = required(tensors, weight).dtype === 'F16' ? 'f16' : 'f32'
  const row = await readAs(tensors, weight, kept)
  const rows = kept === 'f16' ? new Uint16Array(GATE_COLUMNS * C) : new Float32Array(GATE_COLUMNS * C)
  rows.set(row)
  const linear = upload(`h.${layer}.attn.gate`, transposed(rows, GATE_COLUMNS, C), null, true)
  return { interaction: linear, beta: gateBeta(gate, (await readF32(tensors, bias))[0]) }
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
