/** A GPT-2 checkpoint folder: sizes and tensors under canonical names, all checked before any weight is read. */
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { StoredDtype, StoredTensor, TensorSource } from '../engine/tensor-source.js'
import { Failure } from '../errors.js'
import { type InteractionHint, parseGpt2Config } from './gpt2-config.js'
import {
  canonicalName,
  gpt2Tensors,
  HEAD_NAME,
  INTERACTION_NAMES,
  LAYOUT_TENSOR,
  type TensorSpec,
  TOKEN_TABLE,
  type WeightLayout,
} from './gpt2-names.js'
import { fileFailure, readJsonObject } from './json-file.js'
import { elementBytes } from './safetensors.js'
import { type LocatedTensor, openWeightFiles, sha256OfFiles } from './weight-files.js'

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

type Located = ReadonlyMap<string, LocatedTensor>

const DTYPES: readonly string[] = ['F32', 'F16', 'BF16'] satisfies StoredDtype[]

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
  const base = { ...parsed.config, interaction: null }
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

function byCanonicalName(stored: Located): Located {
  const located = new Map<string, LocatedTensor>()
  for (const [storedName, tensor] of stored) {
    const name = canonicalName(storedName)
    if (name !== null) located.set(name, tensor)
  }
  // safetensors.torch.save_model keeps one name of tensors that share memory, and "lm_head" sorts first.
  const head = located.get(HEAD_NAME)
  if (head !== undefined && !located.has(TOKEN_TABLE)) located.set(TOKEN_TABLE, head)
  return located
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
  return { dim, propagateInDepth: hint.propagateInDepth }
}

function checkedTensors(located: Located, config: Gpt2Config, folder: string): TensorSource {
  const layout = weightLayout(located)
  const head = located.get(HEAD_NAME)
  if (head !== undefined) {
    checkShape(HEAD_NAME, head, [config.vocabSize, config.nEmbd])
  }
  return new Map(
    gpt2Tensors(config).map((spec) => {
      const tensor = located.get(spec.name)
      if (tensor === undefined) {
        throw new Failure(`${folder}: the weights lack tensor ${spec.name}, expected shape [${spec.shape}]`, {
          hint: 'config.json and the weights must come from the same checkpoint',
        })
      }
      return [spec.name, storedTensor(spec, tensor, layout)]
    }),
  )
}

function weightLayout(located: Located): WeightLayout {
  const [rows, columns] = located.get(LAYOUT_TENSOR)?.shape ?? []
  return rows > columns ? 'linear' : 'conv1d'
}

function storedTensor(spec: TensorSpec, tensor: LocatedTensor, layout: WeightLayout): StoredTensor {
  const transposed = spec.conv1d && layout === 'linear'
  checkShape(spec.name, tensor, transposed ? spec.shape.toReversed() : spec.shape)
  const { dtype } = tensor
  if (!isStoredDtype(dtype)) {
    throw new Failure(`${tensor.file}: tensor ${spec.name} must be ${DTYPES.join(', ')}, got ${dtype}`, {
      hint: 'save the checkpoint as F32, F16 or BF16',
    })
  }
  if (!transposed) return { dtype, shape: spec.shape, read: tensor.read }
  const [rows, columns] = tensor.shape
  return {
    dtype,
    shape: spec.shape,
    read: async () => transpose(await tensor.read(), rows, columns, elementBytes(dtype)),
  }
}

function checkShape(name: string, tensor: LocatedTensor, shape: readonly number[]): void {
  if (tensor.shape.length === shape.length && tensor.shape.every((extent, i) => extent === shape[i])) return
  throw new Failure(`${tensor.file}: tensor ${name} must have shape [${shape}], got [${tensor.shape}]`, {
    hint: 'config.json and the weights must come from the same checkpoint',
  })
}

function transpose(bytes: Uint8Array, rows: number, columns: number, width: number): Uint8Array {
  const count = rows * columns
  const { buffer, byteOffset } = bytes
  const from =
    width === 2 ? new Uint16Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count)
  const to = width === 2 ? new Uint16Array(count) : new Uint32Array(count)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]
  }
  return new Uint8Array(to.buffer)
}

function isStoredDtype(dtype: string): dtype is StoredDtype {
  return DTYPES.includes(dtype)
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, extent) => total * extent, 1)
}
