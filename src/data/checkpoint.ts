/**
 * A GPT-2 checkpoint, a folder or a file: sizes and tensors under canonical names, all checked before any weight is loaded. Only where
 * there are both a token table and an output head are these two compared.
 */
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { GATE_NAMES, type Gpt2Config, INTERACTION_STEP } from '../engine/gpt2/config.js'
import type { StoredDtype, TensorSource } from '../engine/tensor-source.js'
import { Failure } from '../errors.js'
import {
  absentBiases,
  byCanonicalName,
  checkedTensors,
  expectLayers,
  hasUntiedHead,
  type Located,
} from './checkpoint-tensors.js'
import { exists } from './files.js'
import { type InteractionHint, parseGpt2Config } from './gpt2-config.js'
import { INTERACTION_NAMES } from './gpt2-names.js'
import { type JsonObject, readJsonObject } from './json-file.js'
import { inGpt2Terms } from './opt.js'
import { elementBytes, sizeOf } from './safetensors.js'
import { hasTokenizer } from './tokenizer/files.js'
import { inFolder, type TokenizerSource } from './tokenizer/source.js'
import { findWeights, noWeights, type WeightKind, type Weights } from './weights/kinds.js'
import { sha256OfFiles } from './weights/located.js'

export interface Checkpoint {
  /** Hub id, bundled name, or the folder's own name. */
  id: string
  /** Commit of the Hub repository, when it came from there. */
  revision: string | null
  /** Where the weight files lie, and what belongs to them. */
  folder: string
  /** What the weights were read from. */
  kind: WeightKind
  config: Gpt2Config
  /** config.json, or what the weight file says in its terms. */
  configJson: JsonObject
  tokenizer: TokenizerSource
  tensors: TensorSource
  /** `mixed` as well where the file has blocks of Q8_0. */
  storedDtype: StoredDtype | 'mixed'
  /** Weights, the tied head counted once. */
  parameters: number
  /** What those weights take as stored. */
  bytes: number
  /** Hex SHA-256 over the weight files in name order; computed at the first call. */
  weightsSha256(): Promise<string>
}

export interface CheckpointOrigin {
  id?: string
  revision?: string | null
}

/**
 * @param path a weight file, or a folder with one: docs/models.md, Files
 * @throws Failure (exit 2) on anything missing, damaged, of the wrong shape or of another architecture
 */
export async function openCheckpoint(path: string, origin: CheckpointOrigin = {}): Promise<Checkpoint> {
  const found = await findWeights(path)
  const folder = found?.folder ?? path
  const weights = await found?.open()
  const read = await readConfig(weights, folder)
  if (weights === undefined) throw noWeights(folder, await readdir(folder))
  const configPath = read.path
  const { json: configJson, tensors: stored } = inGpt2Terms(read.json, weights.tensors, configPath)
  const parsed = parseGpt2Config(configJson, configPath)
  const { files, kind } = weights
  const located = byCanonicalName(stored)
  // Before anything is made of the sizes: a wrong number would take all memory.
  expectLayers(located, parsed.config.nLayer, configPath)
  const base = {
    ...parsed.config,
    untiedHead: await hasUntiedHead(located, parsed, folder),
    absentBiases: absentBiases(located, parsed.config.nLayer, folder),
    interaction: null,
    gate: null,
  }
  if (base.selective) refuseOtherMethod(located, configPath)
  const interaction = findInteraction(located, base, parsed.interaction, configPath)
  const gate = findGate(located, base.nLayer, parsed.gate, interaction, configPath)
  const config: Gpt2Config = { ...base, interaction, gate }
  const tensors = checkedTensors(located, config, folder)
  const sizes = [...tensors].map(([name, { dtype, shape }]) => {
    const count = sizeOf(shape)
    return { count, ...(located.get(name)?.stored ?? { dtype, bytes: count * elementBytes(dtype) }) }
  })
  const [storedDtype, ...others] = new Set(sizes.map(({ dtype }) => (dtype === 'Q8_0' ? 'mixed' : dtype)))
  let sha256: Promise<string> | undefined
  return {
    id: origin.id ?? basename(resolve(path)),
    revision: origin.revision ?? null,
    folder,
    kind,
    config,
    configJson,
    tokenizer:
      weights.tokenizer === null || (await hasTokenizer(folder)) ? inFolder(folder) : weights.tokenizer,
    tensors,
    storedDtype: others.length === 0 ? storedDtype : 'mixed',
    parameters: sizes.reduce((sum, { count }) => sum + count, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    weightsSha256: () => {
      sha256 ??= sha256OfFiles(files)
      return sha256
    },
  }
}

interface ReadConfig {
  json: JsonObject
  /** For messages. */
  path: string
}

/** nanoGPT's file does not say all; config.json beside it has the last word. Other files that have sizes of their own say everything. */
async function readConfig(weights: Weights | undefined, folder: string): Promise<ReadConfig> {
  const path = join(folder, 'config.json')
  const own = weights?.config ?? null
  const isOverridden = own === null || (weights?.kind === 'nanogpt' && (await exists(path)))
  if (own !== null && !isOverridden) return { json: own, path: weights?.files[0] ?? folder }
  const hint = 'point --model at a folder with config.json and model.safetensors'
  return { json: { ...own, ...(await readJsonObject(path, hint)) }, path }
}

/** Pruning is there when the weights have it; config.json adds what shapes cannot say. */
function findInteraction(
  located: Located,
  config: Gpt2Config,
  hint: InteractionHint,
  configPath: string,
): Gpt2Config['interaction'] {
  const isThere = (name: string) => located.has(name)
  const names = Array.from({ length: config.nLayer }, (_, n) =>
    INTERACTION_NAMES.map((name) => `h.${n}.${name}`),
  ).flat()
  const missing = names.filter((name) => !isThere(name))
  const first = names.find(isThere)
  if (first === undefined) return null
  if (missing.length > 0) {
    const file = located.get(first)?.file
    throw new Failure(
      `${file}: has ${first} but lacks ${missing[0]} (${missing.length} of ${names.length} missing)`,
      {
        hint: 'every layer needs q_int, k_int and int_bias; export the checkpoint again',
      },
    )
  }
  const q = located.get(names[0])
  const dim = q?.shape[0] ?? 0
  if (hint.dim !== null && hint.dim !== dim) {
    throw new Failure(`${configPath}: int_n_embd is ${hint.dim}, but ${names[0]} has shape [${q?.shape}]`, {
      hint: `set int_n_embd to ${dim} or use the weights that belong to this config.json`,
    })
  }
  if (dim === 0 || dim % INTERACTION_STEP !== 0) {
    const wider = INTERACTION_STEP * Math.ceil(Math.max(1, dim) / INTERACTION_STEP)
    throw new Failure(
      `${q?.file}: ${names[0]} must have a multiple of ${INTERACTION_STEP} rows, got shape [${q?.shape}]`,
      {
        hint: `pad q_int and k_int to ${wider} rows with zeros, and multiply q_int by sqrt(${wider} / ${dim})`,
      },
    )
  }
  return { dim, propagateInDepth: hint.propagateInDepth, grace: hint.grace }
}

/** Selective attention has no weights of its own, and goes together with no other method's. */
function refuseOtherMethod(located: Located, configPath: string): void {
  const other = [...located.keys()].find((name) => /\.attn\.(q_int|k_int|int_bias|gate)\b/.test(name))
  if (other === undefined) return
  throw new Failure(`${configPath}: one method must decide what is dropped, got selective and ${other}`, {
    hint: 'take drop_method out of config.json, or the tensors of the other method out of the weights',
  })
}

/** Weights and config.json must agree: neither says alone how a gate decides. */
function findGate(
  located: Located,
  nLayer: number,
  hint: Gpt2Config['gate'],
  interaction: Gpt2Config['interaction'],
  configPath: string,
): Gpt2Config['gate'] {
  const names = Array.from({ length: nLayer }, (_, n) => GATE_NAMES.map((name) => `h.${n}.${name}`)).flat()
  const missing = names.filter((name) => !located.has(name))
  const first = names.find((name) => located.has(name))
  if (hint === null && first === undefined) return null
  if (hint === null || missing.length > 0) {
    throw new Failure(
      hint === null
        ? `${configPath}: lacks drop_method, but the weights have ${first}`
        : `${configPath}: drop_method is ${hint.method}, but the weights lack ${missing[0]}`,
      { hint: 'use the config.json that belongs to these weights' },
    )
  }
  if (interaction === null) return hint
  throw new Failure(
    `${configPath}: one method must decide what is dropped, got ${hint.method} and interaction weights`,
    {
      hint: 'take drop_method out of config.json, or q_int, k_int and int_bias out of the weights',
    },
  )
}
