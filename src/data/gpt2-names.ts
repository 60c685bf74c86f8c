/**
 * Which tensors a GPT-2 checkpoint has, under which names and in which orientation.
 *
 * Two writers use the same names: Hugging Face, whose Conv1D weights are [in, out], and the paper's reference code
 * (sanagno/adaptively_sparse_attention, after nanoGPT), whose Linear weights are [out, in]. A square matrix does not
 * show which of the two it is, but `c_attn.weight` is never square: the first layer's decides for the whole file.
 */
import { GATE_NAMES, type Gpt2Config, hasBias } from '../engine/gpt2/config.js'
import { UNTIED_HEAD } from '../engine/tensor-source.js'

export interface TensorSpec {
  /** Canonical name; see TensorSource. */
  name: string
  shape: readonly number[]
  /** A matrix that the reference code stores as [out, in]. */
  conv1d: boolean
}

/** `conv1d` stores projection weights as [in, out], `linear` as [out, in]. */
export type WeightLayout = 'conv1d' | 'linear'

/** The tensor whose shape tells the layout: [C, 3C] or [3C, C]. */
export const LAYOUT_TENSOR = 'h.0.attn.c_attn.weight'

export const TOKEN_TABLE = 'wte.weight'

/**
 * Prefix of every name but the head's in a whole language model; a bare GPT2Model has none. Before it stand those of torch.compile and
 * of distributed training.
 */
const MODEL_PREFIX = /^((_orig_mod|module)\.)*(transformer\.)?/

/** Constant masks saved next to the weights: Hugging Face's two, and the reference code's strict one. */
const BUFFER = /^h\.\d+\.attn\.(bias|masked_bias|bias_int)$/

/** The tensors of one layer that only a checkpoint with adaptive pruning has (docs/method.md, Drop scores). */
export const INTERACTION_NAMES = ['attn.q_int.weight', 'attn.k_int.weight', 'attn.int_bias'] as const

/** Number of the layer that a tensor belongs to. */
const LAYER = /^h\.(\d+)\./

/** Canonical name of a stored tensor, or null for a mask that holds no weights. */
export function canonicalName(stored: string): string | null {
  const name = stored.replace(MODEL_PREFIX, '')
  return BUFFER.test(name) ? null : name
}

/** Numbers of the layers that canonical names speak of, in ascending order. */
export function layersNamed(names: Iterable<string>): number[] {
  const numbers = [...names].flatMap((name) => LAYER.exec(name)?.[1] ?? []).map(Number)
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** Everything a checkpoint of these sizes must have, in file order: tables first, then layer by layer, a head of its own last. */
export function gpt2Tensors(config: Gpt2Config): TensorSpec[] {
  const { vocabSize: V, nPositions: P, nEmbd: C, nInner: M, nLayer: L, interaction, gate } = config
  const plain = (name: string, ...shape: number[]): TensorSpec => ({ name, shape, conv1d: false })
  const matrix = (name: string, ...shape: number[]): TensorSpec => ({ name, shape, conv1d: true })
  const bias = (name: string, extent: number) => (hasBias(config, name) ? [plain(name, extent)] : [])
  const norm = (name: string) => [plain(`${name}.weight`, C), ...bias(`${name}.bias`, C)]
  const linear = (name: string, from: number, to: number) => [
    matrix(`${name}.weight`, from, to),
    ...bias(`${name}.bias`, to),
  ]
  const pruning = (layer: string): TensorSpec[] => {
    if (gate !== null) {
      const [weight, bias] = GATE_NAMES.map((name) => `${layer}.${name}`)
      return [plain(weight, 1, C), plain(bias, 1)]
    }
    if (interaction === null) return []
    const [q, k, beta] = INTERACTION_NAMES.map((name) => `${layer}.${name}`)
    return [plain(q, interaction.dim, C), plain(k, interaction.dim, C), plain(beta, 1)]
  }
  const block = (layer: string): TensorSpec[] => [
    ...norm(`${layer}.ln_1`),
    ...linear(`${layer}.attn.c_attn`, C, 3 * C),
    ...linear(`${layer}.attn.c_proj`, C, C),
    ...pruning(layer),
    ...norm(`${layer}.ln_2`),
    ...linear(`${layer}.mlp.c_fc`, C, M),
    ...linear(`${layer}.mlp.c_proj`, M, C),
  ]
  return [
    plain(TOKEN_TABLE, V, C),
    plain('wpe.weight', P, C),
    ...Array.from({ length: L }, (_, n) => block(`h.${n}`)).flat(),
    ...norm('ln_f'),
    ...(config.untiedHead ? [plain(UNTIED_HEAD, V, C)] : []),
  ]
}
