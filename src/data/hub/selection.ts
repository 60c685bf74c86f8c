/** Which files of a repository are fetched, and how to tell without a listing that a snapshot has them all. */
import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Failure } from '../../errors.js'
import { bestKind, isOfKind, mayBeWeights, WEIGHT_NAMES } from '../weights/names.js'
import type { RemoteFile } from './settings.js'

/** What is wanted of a repository, and how to tell that a snapshot has all of it. */
export interface Selection {
  isWanted(path: string): boolean
  /** Null when nothing is missing, else what. */
  missing(paths: readonly string[], folder: string): Promise<string | null>
  /** Nothing missing of these is certain; otherwise only a listing tells, and offline what is there must do. */
  isProof(paths: readonly string[]): boolean
  /** Drops what the others make superfluous. Failure: several may be meant. */
  choose(files: readonly RemoteFile[]): readonly RemoteFile[]
  /** Hint for a repository that lacks it. */
  unusable: string
  /** Hint for a cache that lacks it. */
  offline: string
}

const MODEL_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
]
/** nanoGPT's characters, and what it is beside. */
const CHARACTERS = 'meta.pkl'

/** `train-00000-of-00002-<hash>.parquet`: the name tells how many there must be. */
const SPLIT_PART = /-\d{5}-of-(?<count>\d{5})/
const PART_HASH = /-[0-9a-f]{16}(?=\.)/

const OFFLINE =
  'unset HF_HUB_OFFLINE, pass a folder with --model, or leave --model out for the bundled checkpoint'

/**
 * config.json, weights and tokenizer; of weights that bring their own, the one file that there is.
 * @param spec `owner/name` or `owner/name@revision`, for messages
 */
export function modelSelection(spec: string): Selection {
  return {
    isWanted: (path) =>
      !path.includes('/') &&
      (MODEL_FILES.includes(path) || path === CHARACTERS || mayBeWeights(path) || isIndex(path)),
    missing: async (paths, folder) => {
      const best = bestKind(paths)
      if (best?.names.isSelfContained) return null
      if (!paths.includes('config.json')) return 'config.json'
      if (
        !paths.includes('tokenizer.json') &&
        !(paths.includes('vocab.json') && paths.includes('merges.txt'))
      ) {
        return 'tokenizer.json'
      }
      const { single, sharded } = best?.names ?? WEIGHT_NAMES.safetensors
      if (paths.some((path) => single.test(path))) return null
      if (sharded === undefined || !paths.includes(sharded.index)) return 'model.safetensors'
      const text = await readFile(join(folder, sharded.index), 'utf8')
      const shards = [...text.matchAll(/"([\w-]+-\d+-of-\d+\.\w+)"/g)].map(([, name]) => name)
      return shards.find((name) => !paths.includes(name)) ?? null
    },
    // Of a file that says everything itself there may be others in the repository.
    isProof: (paths) => bestKind(paths)?.names.isSelfContained === false,
    choose: (files) => {
      const chosen = chosenWeights(
        files.map(({ path }) => path),
        spec,
      )
      return files.filter(({ path }) => MODEL_FILES.includes(path) || chosen(path))
    },
    unusable:
      'asp reads model.safetensors, pytorch_model.bin (with a GPT-2 tokenizer), ckpt.pt of nanoGPT, llm.c and GGUF; choose another repository or revision',
    offline: OFFLINE,
  }
}

/** @throws Failure where there are several of the best kind, or only some that are called otherwise */
function chosenWeights(paths: readonly string[], spec: string): (path: string) => boolean {
  const best = bestKind(paths)
  if (best === undefined) {
    const others = paths.filter(mayBeWeights)
    if (others.length > 0) throw unclear(spec, others, 'must have weights that asp knows by name')
    return () => false
  }
  const { kind, names } = best
  const singles = paths.filter((path) => names.single.test(path))
  if (singles.length > 1) throw unclear(spec, singles, `must hold one ${kind} model`)
  if (singles.length === 0) return (path) => isOfKind(names, path)
  return (path) => path === singles[0] || (kind === 'nanogpt' && path === CHARACTERS)
}

const unclear = (spec: string, names: readonly string[], what: string): Failure =>
  new Failure(`${spec}: ${what}, got ${names.join(', ')}`, {
    hint: `name the file: --model ${spec}:${names[names.length - 1]}`,
  })

const isIndex = (path: string): boolean =>
  [WEIGHT_NAMES.safetensors, WEIGHT_NAMES.pytorch].some(({ sharded }) => sharded.index === path)

/** One weight file of a repository, and what belongs to it in its folder. */
export function weightFileSelection(file: string): Selection {
  const beside = (name: string): string => posix.join(posix.dirname(file), name)
  const paths = [file, ...[...MODEL_FILES, CHARACTERS].map(beside)]
  return {
    isWanted: (path) => paths.includes(path),
    missing: async (present) => (present.includes(file) ? null : file),
    // What belongs to it may have been left out when it was fetched.
    isProof: () => false,
    choose: (files) => files,
    unusable: 'name a file that the repository has at this revision',
    offline: OFFLINE,
  }
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
    isProof: () => false,
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
