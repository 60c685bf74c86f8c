/** The kinds of weight files, how each is told apart, and which of a folder's files are its model. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../errors.js'
import { fileFailure, type JsonObject } from '../json-file.js'
import { hasTokenizer } from '../tokenizer/files.js'
import type { TokenizerSource } from '../tokenizer/source.js'
import { isGguf } from './gguf.js'
import { openGguf } from './gguf-model.js'
import { isLlmc, openLlmc } from './llmc.js'
import { inHex, type LocatedTensors, readStart, START_BYTES } from './located.js'
import { charTokenizer } from './meta-pkl.js'
import { mayBeWeights, WEIGHT_NAMES, type WeightKind, type WeightNames } from './names.js'
import { locateTensors } from './safetensors-file.js'
import { openShards } from './shards.js'
import { isTorch, openTorchFile } from './torch-file.js'

export type { WeightKind } from './names.js'

export interface Weights {
  kind: WeightKind
  /** Paths in name order. */
  files: readonly string[]
  /** By the name stored in the file. */
  tensors: LocatedTensors
  /** What the file itself says of the model, in the terms of config.json; null where config.json does. */
  config: JsonObject | null
  /** Of a kind that comes without tokenizer files; null where they must lie beside it. */
  tokenizer: TokenizerSource | null
}

type Opened = Omit<Weights, 'files'>

interface FileKind extends WeightNames {
  begins(start: Buffer): boolean
  open(file: string): Promise<Opened>
}

/** In the order in which a folder is searched. */
const KINDS: readonly FileKind[] = [
  {
    ...WEIGHT_NAMES.safetensors,
    begins: (start) => start.length >= 9 && start[8] === 0x7b,
    open: async (file) => ({
      kind: 'safetensors',
      tensors: await locateTensors(file),
      config: null,
      tokenizer: null,
    }),
  },
  { ...WEIGHT_NAMES.pytorch, begins: isTorch, open: openTorch },
  // By its first bytes it is of the row above; what is in it tells the two apart.
  { ...WEIGHT_NAMES.nanogpt, begins: isTorch, open: openTorch },
  {
    ...WEIGHT_NAMES['llm.c'],
    begins: isLlmc,
    open: async (file) => ({ kind: 'llm.c', ...(await openLlmc(file)), tokenizer: { kind: 'gpt2' } }),
  },
  { ...WEIGHT_NAMES.gguf, begins: isGguf, open: openGgufFile },
]

async function openTorch(file: string): Promise<Opened> {
  const { tensors, config } = await openTorchFile(file)
  if (config === null) return { kind: 'pytorch', tensors, config, tokenizer: null }
  const folder = dirname(file)
  // Not read where another lies there, which goes before it.
  const characters = (await hasTokenizer(folder)) ? null : await charTokenizer(folder)
  return { kind: 'nanogpt', tensors, config, tokenizer: characters ?? { kind: 'gpt2' } }
}

async function openGgufFile(file: string): Promise<Opened> {
  const { tensors, config, tokenizer, settings } = await openGguf(file)
  const held: TokenizerSource | null = tokenizer && { kind: 'file', file, definition: tokenizer, settings }
  return { kind: 'gguf', tensors, config, tokenizer: held }
}

/** A model's files, found and not yet opened. */
export interface FoundWeights {
  /** Where config.json and tokenizer lie. */
  folder: string
  open(): Promise<Weights>
}

/**
 * @param path a folder, or a weight file
 * @returns null for a folder that has none
 * @throws Failure on a path that is neither, on a file of no known kind, and where several files of a folder may be meant
 */
export async function findWeights(path: string): Promise<FoundWeights | null> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileFailure(path, cause, 'point --model at a checkpoint folder, or give a Hub id such as gpt2')
  })
  if (info.isDirectory()) return findInFolder(path)
  const start = Buffer.from(await readStart(path, START_BYTES))
  const kind = KINDS.find(({ begins }) => begins(start))
  if (kind !== undefined) return single(path, kind)
  throw new Failure(
    `${path}: must be a folder or a weight file, got a file that begins with ${inHex(start)}`,
    {
      hint: `point --model at a checkpoint folder, at ${KNOWN}, or give a Hub id such as gpt2`,
    },
  )
}

const KNOWN = 'a file of safetensors, torch.save, llm.c or GGUF'

async function findInFolder(folder: string): Promise<FoundWeights | null> {
  const present = await readdir(folder)
  for (const kind of KINDS) {
    const names = present.filter((name) => kind.single.test(name)).sort()
    if (names.length > 1) {
      throw new Failure(`${folder}: must hold one model, got ${names.join(', ')}`, {
        hint: `name the file: --model ${join(folder, names[names.length - 1])}`,
      })
    }
    if (names.length === 1) return single(join(folder, names[0]), kind)
    const { sharded } = kind
    if (sharded !== undefined && present.includes(sharded.index)) return shards(folder, kind, sharded)
  }
  return null
}

function single(file: string, kind: FileKind): FoundWeights {
  return { folder: dirname(file), open: async () => ({ ...(await kind.open(file)), files: [file] }) }
}

function shards(
  folder: string,
  { open }: FileKind,
  { index, ending }: NonNullable<FileKind['sharded']>,
): FoundWeights {
  const openAll = async (): Promise<Weights> => {
    let kind: WeightKind = 'safetensors'
    const { files, tensors } = await openShards(index, folder, ending, async (file) => {
      const opened = await open(file)
      kind = opened.kind
      return opened.tensors
    })
    return { kind, files, tensors, config: null, tokenizer: null }
  }
  return { folder, open: openAll }
}

/** What to do in a folder that has none of these. */
export function noWeights(folder: string, present: readonly string[]): Failure {
  const other = present.find(mayBeWeights)
  const found = other === undefined ? '' : `, got ${basename(other)}`
  return new Failure(`${folder}: no model.safetensors, and no other weights that asp knows by name${found}`, {
    hint:
      other === undefined
        ? 'point --model at a folder with config.json and model.safetensors'
        : `point --model at the file itself: ${join(folder, other)}`,
  })
}
