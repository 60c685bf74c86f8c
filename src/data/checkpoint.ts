/**
 * A GPT-2 checkpoint folder: sizes and tensors under canonical names, all checked before any weight is loaded. Only where there are
 * both a token table and an output head are these two compared.
 */
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Gpt2Config, INTERACTION_STEP } from '../engine/gpt2/config.js'
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
import { type InteractionHint, parseGpt2Config } from './gpt2-config.js'
import { INTERACTION_NAMES } from './gpt2-names.js'
import { fileFailure, readJsonObject } from './json-file.js'
import { elementBytes } from './safetensors.js'
import { openWeightFiles, sha256OfFiles } from './weight-files.js'

export interface Checkpoint {
  /** Hub id, bundled name, or the folder's own name. */
  id: string
  /** Commit of the Hub repository, when it came from there. */
  revision: string | null
  folder: string
  config: Gpt2Config
  tensors: TensorSource
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
 * @param folder with config.json and model.safetensors, or shards and model.safetensors.index.json
 * @throws Failure (exit 2) on anything missing, damaged, of the wrong shape or of another architecture
 */
export async function openCheckpoint(folder: string, origin: CheckpointOrigin = {}): Promise<Checkpoint> {
  await expectFolder(folder)
  const configPath = join(folder, 'config.json')
  const parsed = parseGpt2Config(
    await readJsonObject(configPath, 'point --model at a folder with config.json and model.safetensors'),
    configPath,
  )
  const { files, tensors: stored } = await openWeightFiles(folder)
  const located = byCanonicalName(stored)
  // Before anything is made of the sizes: a wrong number would take all memory.
  expectLayers(located, parsed.config.nLayer, configPath)
  const base = {
    ...parsed.config,
    untiedHead: await hasUntiedHead(located, parsed, folder),
    absentBiases: absentBiases(located, parsed.config.nLayer, folder),
    interaction: null,
  }
  const interaction = findInteraction(located, base, parsed.interaction, configPath)
  const config: Gpt2Config = { ...base, interaction }
  const tensors = checkedTensors(located, config, folder)
  const sizes = [...tensors.values()].map(({ dtype, shape }) => ({ dtype, count: product(shape) }))
  const dtypes = new Set(sizes.map(({ dtype }) => dtype))
  let sha256: Promise<string> | undefined
  return {
    id: origin.id ?? basename(resolve(folder)),
    revision: origin.revision ?? null,
    folder,
    config,
    tensors,
    storedDtype: dtypes.size === 1 ? sizes[0].dtype : 'mixed',
    parameters: sizes.reduce((sum, { count }) => sum + count, 0),
    bytes: sizes.reduce((sum, { dtype, count }) => sum + count * elementBytes(dtype), 0),
    weightsSha256: () => {
      sha256 ??= sha256OfFiles(files)
      return sha256
    },
  }
}

async function expectFolder(folder: string): Promise<void> {
  const hint = 'point --model at a checkpoint folder, or give a Hub id such as gpt2'
  const info = await stat(folder).catch((cause: unknown) => {
    throw fileFailure(folder, cause, hint)
  })
  if (!info.isDirectory()) throw new Failure(`${folder}: must be a folder, got a file`, { hint })
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
  return { dim, propagateInDepth: hint.propagateInDepth }
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, extent) => total * extent, 1)
}
