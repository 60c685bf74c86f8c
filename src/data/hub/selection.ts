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

const WEIGHTS = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'
const SHARD = /^model-\d+-of-\d+\.safetensors$/
const MODEL_FILES = [
  'config.json',
  WEIGHTS,
  INDEX,
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
  isWanted: (path) => MODEL_FILES.includes(path) || SHARD.test(path),
  missing: async (paths, folder) => {
    if (!paths.includes('config.json')) return 'config.json'
    if (
      !paths.includes('tokenizer.json') &&
      !(paths.includes('vocab.json') && paths.includes('merges.txt'))
    ) {
      return 'tokenizer.json'
    }
    if (paths.includes(WEIGHTS)) return null
    if (!paths.includes(INDEX)) return WEIGHTS
    const index = await readFile(join(folder, INDEX), 'utf8')
    const shards = [...index.matchAll(/"(model-\d+-of-\d+\.safetensors)"/g)].map(([, shard]) => shard)
    return shards.find((shard) => !paths.includes(shard)) ?? null
  },
  isProof: true,
  choose: (files) =>
    files.some(({ path }) => path === WEIGHTS) ? files.filter(({ path }) => !isSharded(path)) : files,
  unusable: 'asp reads safetensors weights and a GPT-2 tokenizer; choose another repository or revision',
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

function isSharded(path: string): boolean {
  return path === INDEX || SHARD.test(path)
}
