/** What a record says of the model. Pure. */
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { ModelRecord } from '../record/eval/schema.js'
import type { FoundModel, PreparedModel } from './model.js'

const STORED_DTYPE_NAMES = { F32: 'f32', F16: 'f16', BF16: 'bf16', mixed: 'mixed' } as const

export function modelRecord(
  { model, checkpoint, tokenizer, dtype }: PreparedModel,
  sha256: string,
): ModelRecord {
  return {
    ...checkpointRecord({ model, checkpoint }),
    sha256,
    tokenizer_sha256: tokenizer.sha256,
    dtype,
  }
}

/** What can be said without a tokenizer, before weights are read. */
export function checkpointRecord({ model, checkpoint }: FoundModel) {
  const { config, parameters, bytes, storedDtype } = checkpoint
  return {
    id: model.id,
    source: model.source,
    revision: model.revision,
    parameters,
    bytes,
    stored_dtype: STORED_DTYPE_NAMES[storedDtype],
    config: configRecord(config),
  }
}

export function configRecord(config: Gpt2Config): ModelRecord['config'] {
  return {
    vocab_size: config.vocabSize,
    n_positions: config.nPositions,
    n_embd: config.nEmbd,
    n_layer: config.nLayer,
    n_head: config.nHead,
    n_inner: config.nInner,
    int_n_embd: config.interaction?.dim ?? null,
  }
}
