/** How a tensor is stored in a checkpoint file. */
export type StoredDtype = 'F32' | 'F16' | 'BF16'

/** One tensor of a checkpoint, read only when needed, so that a 6 GB model never sits in host memory whole. */
export interface StoredTensor {
  dtype: StoredDtype
  shape: readonly number[]
  /** The file that holds it, for messages. */
  file?: string
  /** The raw little-endian bytes, row-major. */
  read(): Promise<Uint8Array>
}

/**
 * Tensors by canonical GPT-2 name: `wte.weight`, `wpe.weight`, `ln_f.{weight,bias}` and, for layer N,
 * `h.N.ln_1.*`, `h.N.attn.c_attn.*`, `h.N.attn.c_proj.*`, `h.N.ln_2.*`, `h.N.mlp.c_fc.*`, `h.N.mlp.c_proj.*`
 * (Conv1D weights are [in, out]) and `h.N.attn.{q_int.weight,k_int.weight,int_bias}` ([r, C], [r, C], [1]).
 * `lm_head.weight`, [V, C], is there only where it is not the token table once more.
 */
export type TensorSource = ReadonlyMap<string, StoredTensor>

/** Canonical name of an output head that was trained apart from the token table. */
export const UNTIED_HEAD = 'lm_head.weight'
