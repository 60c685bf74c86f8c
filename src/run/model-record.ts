/** What a record says of the model. Pure. */
import type { Checkpoint } from '../data/checkpoint.js'
import { activationName } from '../engine/activation.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { ModelRecord } from '../record/common.js'
import type { FoundModel, PreparedModel } from './model.js'

const STORED_DTYPE_NAMES = { F32: 'f32', F16: 'f16', BF16: 'bf16', mixed: 'mixed' } as const

export function modelRecord(prepared: PreparedModel, sha256: string): ModelRecord {
  const { named, sizes, stored, config } = partsOf(prepared)
  const { tokenizer, dtype, checkpoint } = prepared
  const padded = checkpoint.config.vocabSize - tokenizer.vocabSize
  const tokens = { tokenizer_sha256: tokenizer.sha256, ...(padded > 0 && { padded_rows: padded }) }
  return { ...named, sha256, ...tokens, ...sizes, dtype, ...stored, ...tokenizerSource(checkpoint), config }
}

/** What can be said without a tokenizer, before weights are read. */
export function checkpointRecord(found: FoundModel) {
  const { named, sizes, stored, config } = partsOf(found)
  return { ...named, sha256: null, ...sizes, ...stored, config }
}

/** Kinds that say something: a record without it is of safetensors. */
export const weightsKind = ({ kind }: Checkpoint) => (kind === 'safetensors' ? {} : { weights_kind: kind })

/** The same of a tokenizer: without it, its files lay beside the weights. */
export const tokenizerSource = ({ tokenizer: { kind } }: Pick<Checkpoint, 'tokenizer'>) =>
  kind === 'folder' ? {} : { tokenizer_source: kind }

/** In groups, for records keep the order of their keys. */
function partsOf({ model: { id, source, revision }, checkpoint }: FoundModel) {
  const { config, parameters, bytes, storedDtype } = checkpoint
  return {
    named: { id, source, revision },
    sizes: { parameters, bytes },
    stored: { stored_dtype: STORED_DTYPE_NAMES[storedDtype], ...weightsKind(checkpoint) },
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
    layer_norm_epsilon: config.layerNormEpsilon,
    activation_function: activationName(config.activation),
    scale_attn_weights: config.scaledByWidth,
    scale_attn_by_inverse_layer_idx: config.scaledByLayer,
    propagate_in_depth: config.interaction?.propagateInDepth ?? null,
    ...(config.interaction?.grace && { drop_grace: config.interaction.grace }),
    ...gateRecord(config),
  }
}

/** Of a checkpoint that another method taught: named as in config.json. */
function gateRecord({
  gate,
  selective,
}: Gpt2Config): Pick<ModelRecord['config'], 'drop_method' | 'drop_window' | 'drop_threshold'> {
  if (selective) return { drop_method: 'selective' }
  if (gate === null) return {}
  if (gate.method !== 'kvzap') return { drop_method: gate.method }
  return { drop_method: gate.method, drop_window: gate.window, drop_threshold: gate.threshold }
}
