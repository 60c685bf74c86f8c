/** What a record says of the model. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { ResolvedModel } from '../data/model.js'
import type { Tokenizer } from '../data/tokenizer.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { ModelRecord } from '../record/eval/schema.js'

const STORED_DTYPE_NAMES = { F32: 'f32', F16: 'f16', BF16: 'bf16', mixed: 'mixed' } as const

/** The model as it was prepared for a run. */
export interface PreparedModel {
  model: ResolvedModel
  checkpoint: Checkpoint
  tokenizer: Tokenizer
  dtype: WeightDtype
}

export function modelRecord(
  { model, checkpoint, tokenizer, dtype }: PreparedModel,
  sha256: string,
): ModelRecord {
  const { config, parameters, bytes, storedDtype } = checkpoint
  return {
    id: model.id,
    source: model.source,
    revision: model.revision,
    sha256,
    tokenizer_sha256: tokenizer.sha256,
    parameters,
    bytes,
    dtype,
    stored_dtype: STORED_DTYPE_NAMES[storedDtype],
    config: {
      vocab_size: config.vocabSize,
      n_positions: config.nPositions,
      n_embd: config.nEmbd,
      n_layer: config.nLayer,
      n_head: config.nHead,
      n_inner: config.nInner,
      int_n_embd: config.interaction?.dim ?? null,
    },
  }
}
