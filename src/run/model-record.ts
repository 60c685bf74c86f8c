/** What a record says of the model. Pure. */
import type { ModelRecord } from '../record/eval/schema.js'
import type { PreparedModel } from './model.js'

const STORED_DTYPE_NAMES = { F32: 'f32', F16: 'f16', BF16: 'bf16', mixed: 'mixed' } as const

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
