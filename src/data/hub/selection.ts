/** Which files of a repository are fetched, and how to tell without a listing that a snapshot has them all. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RemoteFile } from './settings.js'

/** What is wanted of a repository, and how to tell that a snapshot has all of it. */
export interface Selection {
  isWanted(path: string): boolean
  /** Null when nothing is missing, else what. */
  missing(paths: readonly string[], folder: string): Promise<string | null>
  /** Nothing missing is certain; otherwise only a listing tells, and offline what is there must do. */
  isProof: boolean
  /** Drops what the others make superfluous. */
  choose(files: readonly RemoteFile[]): readonly RemoteFile[]
  /** Hint for a repository that lacks it. */
  unusable: string
  /** Hint for a cache that lacks it. */
  offline: string
}

interface WeightFiles {
  single: string
  index: string
  shard: RegExp
}

/** The best first: of those that a repository has, one is fetched. */
const WEIGHTS: readonly WeightFiles[] = [
  {
    single: 'model.safetensors',
    index: 'model.safetensors.index.json',
    shard: /^model-\d+-of-\d+\.safetensors$/,
  },
  {
    single: 'pytorch_model.bin',
    index: 'pytorch_model.bin.index.json',
    shard: /^pytorch_model-\d+-of-\d+\.bin$/,
  },
]

const MODEL_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
]

/** `train-00000-of-00002-<hash>.parquet`: the name tells how many there must be. */
const SPLIT_PART = /-\d{5}-of-(?<count>\d{5})/
const PART_HASH = /-[0-9a-f]{16}(?=\.)/

/** config.json, weights and tokenizer. */
export const MODEL_SELECTION: Selection = {
  isWanted: (path) => MODEL_FILES.includes(path) || WEIGHTS.some((one) => isOf(one, path)),
  missing: async (paths, folder) => {
    if (!paths.includes('config.json')) return 'config.json'
    if (
      !paths.includes('tokenizer.json') &&
      !(paths.includes('vocab.json') && paths.includes('merges.txt'))
    ) {
      return 'tokenizer.json'
    }
    const { single, index } = WEIGHTS.find((one) => isThere(one, paths)) ?? WEIGHTS[0]
    if (paths.includes(single)) return null
    if (!paths.includes(index)) return single
    const text = await readFile(join(folder, index), 'utf8')
    const shards = [...text.matchAll(/"([\w-]+-\d+-of-\d+\.\w+)"/g)].map(([, name]) => name)
    return shards.find((name) => !paths.includes(name)) ?? null
  },
  isProof: true,
  choose: (files) => {
    const paths = files.map(({ path }) => path)
    const best = WEIGHTS.find((one) => isThere(one, paths))
    const isSingle = best !== undefined && paths.includes(best.single)
    const isChosen = (path: string): boolean =>
      best !== undefined && isOf(best, path) && (!isSingle || path === best.single)
    return files.filter(({ path }) => MODEL_FILES.includes(path) || isChosen(path))
  },
  unusable:
    'asp reads model.safetensors or pytorch_model.bin and a GPT-2 tokenizer; choose another repository or revision',
  offline:
    'unset HF_HUB_OFFLINE, pass a folder with --model, or leave --model out for the bundled checkpoint',
}

/** A regular expression or a glob; its `toString` is for messages. */
export interface PathPattern {
  test(path: string): boolean
  toString(): string
}

/** @param pattern tested against paths inside the repository */
export function datasetSelection(pattern: PathPattern): Selection {
  return {
    isWanted: (path) => pattern.test(path),
    missing: async (paths) => (paths.length === 0 ? String(pattern) : missingPart(paths)),
    isProof: false,
    choose: (files) => files,
    unusable: 'check the dataset and the revision that the suite names',
    offline: 'unset HF_HUB_OFFLINE, or pass the data with --data',
  }
}

function missingPart(paths: readonly string[]): string | null {
  const names = new Set(paths.map((path) => path.replace(PART_HASH, '')))
  for (const name of names) {
    const count = Number(SPLIT_PART.exec(name)?.groups?.count ?? 0)
    for (let part = 0; part < count; part++) {
      const sibling = name.replace(SPLIT_PART, `-${String(part).padStart(5, '0')}-of-$<count>`)
      if (!names.has(sibling)) return sibling
    }
  }
  return null
}

const isThere = ({ single, index }: WeightFiles, paths: readonly string[]): boolean =>
  paths.includes(single) || paths.includes(index)

const isOf = ({ single, index, shard }: WeightFiles, path: string): boolean =>
  path === single || path === index || shard.test(path)
