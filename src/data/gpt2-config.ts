/** config.json of a Hugging Face GPT-2 checkpoint -> the sizes the engine works with. */
import { ACTIVATION_NAMES, type Activation, activationNamed } from '../engine/activation.js'
import { type GateConfig, type Gpt2Config, HEAD_LIMITS, isHeadDim } from '../engine/gpt2/config.js'
import { Failure } from '../errors.js'
import type { JsonObject } from './json-file.js'

/** What config.json says about pruning; whether the weights have it is only known once they are opened. */
export interface InteractionHint {
  /** Null when the key is missing or null: the tensors then tell. */
  dim: number | null
  propagateInDepth: boolean
  grace: number
}

export interface ParsedConfig {
  config: Omit<Gpt2Config, 'interaction' | 'gate' | 'absentBiases' | 'untiedHead'>
  /** Whether the output head is the token table; null where config.json leaves that to the weights, which have a head of their own or none. */
  isTied: boolean | null
  interaction: InteractionHint
  /** Of a method that has a gate; null when nothing is said. */
  gate: GateConfig | null
}

const SUPPORTED =
  'asp runs GPT-2 and OPT checkpoints; see gpt2, gpt2-medium, gpt2-large, gpt2-xl, facebook/opt-125m'

/**
 * @param path of the file, for messages
 * @throws Failure on another architecture or on sizes the kernels are not written for
 */
export function parseGpt2Config(json: JsonObject, path: string): ParsedConfig {
  // Files from before transformers wrote a model_type have none; whether it is a GPT-2 is then told by the tensors.
  const isOld = json.model_type === undefined && json.n_embd !== undefined
  if (json.model_type !== 'gpt2' && !isOld) {
    throw new Failure(`${path}: model_type must be "gpt2", got ${JSON.stringify(json.model_type)}`, {
      hint: SUPPORTED,
    })
  }
  if (flag(json, 'add_cross_attention', path)) {
    throw new Failure(`${path}: add_cross_attention must be false, got true`, {
      hint: 'such a model is the decoder of another one, whose encoder asp does not run',
    })
  }
  // The same arithmetic in the order that f16 needs; all sums are f32 here.
  flag(json, 'reorder_and_upcast_attn', path)
  const nEmbd = size(json, 'n_embd', path)
  const nHead = size(json, 'n_head', path)
  if (!isHeadDim(nEmbd / nHead)) {
    const { step, most } = HEAD_LIMITS
    throw new Failure(
      `${path}: n_embd / n_head must be a multiple of ${step} up to ${most}, got ${nEmbd} / ${nHead}`,
      { hint: 'the kernels of attention have no other width of heads' },
    )
  }
  return {
    config: {
      vocabSize: size(json, 'vocab_size', path),
      nPositions: size(json, json.n_positions === undefined ? 'n_ctx' : 'n_positions', path),
      nEmbd,
      nLayer: size(json, 'n_layer', path),
      nHead,
      nInner: json.n_inner == null ? 4 * nEmbd : innerWidth(json, path),
      layerNormEpsilon: epsilon(json, path),
      activation: activationOf(json, path),
      scaledByWidth: flag(json, 'scale_attn_weights', path, true),
      scaledByLayer: flag(json, 'scale_attn_by_inverse_layer_idx', path),
      selective: json.drop_method === 'selective',
    },
    isTied: json.tie_word_embeddings == null ? null : flag(json, 'tie_word_embeddings', path),
    interaction: {
      dim: json.int_n_embd == null ? null : size(json, 'int_n_embd', path),
      propagateInDepth: flag(json, 'propagate_in_depth', path),
      grace: json.drop_grace == null ? 0 : size(json, 'drop_grace', path),
    },
    gate: gateOf(json, path),
  }
}

/** `drop_method`, which `asp finetune --method` writes, and what belongs to it. */
function gateOf(json: JsonObject, path: string): GateConfig | null {
  const method = json.drop_method ?? null
  // It has no weights of its own.
  if (method === null || method === 'selective') return null
  if (method === 'trimkv') return { method }
  if (method === 'kvzap') {
    return {
      method,
      window: size(json, 'drop_window', path),
      threshold: number(json, 'drop_threshold', path),
    }
  }
  throw new Failure(
    `${path}: drop_method must be kvzap, trimkv or selective, got ${JSON.stringify(method)}`,
    {
      hint: 'it says how the checkpoint was taught to drop; leave it out where adaptive pruning was, or none',
    },
  )
}

function number(json: JsonObject, key: string, path: string): number {
  const value = json[key]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new Failure(`${path}: ${key} must be a number, got ${JSON.stringify(value)}`, {
    hint: 'use the config.json that belongs to these weights',
  })
}

function activationOf(json: JsonObject, path: string): Activation {
  const configured = json.activation_function ?? 'gelu_new'
  const activation = typeof configured === 'string' ? activationNamed(configured) : undefined
  if (activation !== undefined) return activation
  const known = ACTIVATION_NAMES.join(', ')
  throw new Failure(
    `${path}: activation_function must be one of ${known}, got ${JSON.stringify(configured)}`,
    { hint: 'asp has no kernel of this function' },
  )
}

/** @throws Failure on what is no positive whole number */
export function size(json: JsonObject, key: string, path: string): number {
  const value = json[key]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new Failure(`${path}: ${key} must be a positive whole number, got ${JSON.stringify(value)}`, {
    hint: 'use the config.json that belongs to these weights',
  })
}

/** Kernels take rows of activations four numbers at a time. */
function innerWidth(json: JsonObject, path: string): number {
  const width = size(json, 'n_inner', path)
  if (width % 4 === 0) return width
  throw new Failure(`${path}: n_inner must be a multiple of 4, got ${width}`, {
    hint: `pad mlp.c_fc and mlp.c_proj to ${4 * Math.ceil(width / 4)} with zeros: the results stay the same`,
  })
}

function epsilon(json: JsonObject, path: string): number {
  const value = json.layer_norm_epsilon ?? 1e-5
  if (typeof value === 'number' && value > 0 && value < 1) return value
  throw new Failure(`${path}: layer_norm_epsilon must lie between 0 and 1, got ${JSON.stringify(value)}`, {
    hint: 'use the config.json that belongs to these weights',
  })
}

function flag(json: JsonObject, key: string, path: string, otherwise = false): boolean {
  const value = json[key] ?? otherwise
  if (typeof value === 'boolean') return value
  throw new Failure(`${path}: ${key} must be true or false, got ${JSON.stringify(value)}`, {
    hint: 'use the config.json that belongs to these weights',
  })
}
