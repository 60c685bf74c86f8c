/** A Hub with a few small repositories, a cache of its own for every test, and the checks that hold after each. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import type { uvu } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type FetchedRepo,
  type FetchOptions,
  type FetchProgress,
  fetchDataset,
} from '../../../src/data/hub/hub.js'
import { RETRY, type RetryPolicy } from '../../../src/data/hub/retry.js'
import type { HubSettings } from '../../../src/data/hub/settings.js'
import type { Failure } from '../../../src/errors.js'
import { failureOf as anyFailureOf } from '../../failure.js'
import { type HubRepo, type HubServer, SIGNATURE, startHub } from './server.js'

export const COMMIT = '0123456789abcdef0123456789abcdef01234567'
export const BUNDLED = join(import.meta.dirname, '../../../models/asp-tiny')
export const MODEL = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
/** A checkpoint of the time before tokenizer.json. */
export const TWO_FILES = [
  'added_tokens.json',
  'config.json',
  'merges.txt',
  'model.safetensors',
  'special_tokens_map.json',
  'tokenizer_config.json',
  'vocab.json',
]
/** Weights of the time before safetensors, in two files. */
export const TORCH_SHARDS = [
  'config.json',
  'pytorch_model-00001-of-00002.bin',
  'pytorch_model-00002-of-00002.bin',
  'pytorch_model.bin.index.json',
  'tokenizer.json',
]
const TORCH_MAP = { 'wte.weight': TORCH_SHARDS[1], 'wpe.weight': TORCH_SHARDS[2] }
export const TOKEN = 'hf_secretSecretSecret'

/** Listed with a SHA-256 and served by the second host. */
export const LARGE = randomBytes(3_000_000)

export interface HubContext {
  server: HubServer
  settings: HubSettings
  /** What was waited for, in milliseconds, and nothing was waited. */
  waits: number[]
  /** Notes of progress events. */
  notes: string[]
  /** No waiting, no chance, a second of silence at most. */
  options: FetchOptions & { settings: HubSettings }
}

const text = (value: string) => new TextEncoder().encode(value)

export async function testRepos(): Promise<HubRepo[]> {
  const contents = MODEL.map(async (name) => [name, await readFile(join(BUNDLED, name))] as const)
  return [
    {
      type: 'model',
      name: 'someone/tiny',
      commit: COMMIT,
      files: {
        ...Object.fromEntries(await Promise.all(contents)),
        'README.md': text('#'),
        'onnx/a.onnx': text('x'),
      },
    },
    {
      type: 'model',
      name: 'someone/two-files',
      commit: COMMIT,
      files: Object.fromEntries([...TWO_FILES, 'pytorch_model.bin'].map((name) => [name, text(name)])),
    },
    {
      type: 'model',
      name: 'someone/torch-shards',
      commit: COMMIT,
      files: Object.fromEntries([
        ...[...TORCH_SHARDS, 'pytorch_model-00001-of-00002.txt', 'training_args.bin'].map((name) => [
          name,
          text(name),
        ]),
        ['pytorch_model.bin.index.json', text(JSON.stringify({ weight_map: TORCH_MAP }))],
      ]),
    },
    { type: 'model', name: 'someone/pickled', commit: COMMIT, files: { 'config.json': text('{}') } },
    {
      type: 'dataset',
      name: 'someone/rows',
      commit: COMMIT,
      files: {
        'data/train-00000-of-00001.parquet': text('train'),
        'data/validation-00000-of-00002.parquet': text('first'),
        'data/validation-00001-of-00002.parquet': text('second'),
        'data/odd name #1.jsonl': text('{}'),
      },
    },
    {
      type: 'dataset',
      name: 'someone/large',
      commit: COMMIT,
      files: {
        'large.bin': LARGE,
        'small.txt': text('a small file, listed with the SHA-1 of git'),
        'empty.txt': text(''),
      },
    },
  ]
}

/** Starts a Hub for the tests of a suite, and gives each test a new cache. */
export function withHub(test: uvu.Test<HubContext>, repos = testRepos): void {
  test.before(async (context) => {
    context.server = await startHub(await repos())
  })
  test.after((context) => context.server.close())
  test.before.each(async (context) => {
    context.server.reset()
    context.waits = []
    context.notes = []
    const cacheFolder = await mkdtemp(join(tmpdir(), 'asp-hub-'))
    context.settings = { endpoint: context.server.url, cacheFolder, token: undefined, offline: false }
    context.options = {
      settings: context.settings,
      retry: quick(context.waits),
      onProgress: ({ note }: FetchProgress) => {
        if (note !== undefined) context.notes.push(note)
      },
    }
  })
  test.after.each((context) => rm(context.settings.cacheFolder, { recursive: true, force: true }))
}

export function quick(waits: number[]): Partial<RetryPolicy> {
  return {
    stallMs: 150,
    random: () => 0,
    now: () => Date.parse('2026-01-01T00:00:00Z'),
    sleep: async (milliseconds) => void waits.push(milliseconds),
    longestRetryAfterMs: RETRY.longestRetryAfterMs,
  }
}

/** The Failure that a call ends in: one line with a hint, and no word of the token or of a signed address. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const failure = await anyFailureOf(promise)
  assert.not.match(failure.message, '\n')
  assert.type(failure.hint, 'string')
  checkSecrets(everything(failure))
  return failure
}

export function checkSecrets(said: string): void {
  for (const secret of [TOKEN, SIGNATURE, 'Bearer']) assert.not.match(said, secret)
}

/** All that a log or a debugger could show of an error. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? ''
  return [
    error.stack,
    JSON.stringify(error),
    'hint' in error ? error.hint : '',
    everything(error.cause),
  ].join('\n')
}

/** Every file below a folder that is not a link, so contents and leftovers of downloads. */
export async function storedFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

/**
 * The cache holds blobs that hash to their names, links to them, commits, and at most partial files; returns the
 * names of these. Nothing of it is outside the folder.
 */
export async function checkCache({ cacheFolder }: HubSettings): Promise<string[]> {
  const partial: string[] = []
  const root = (await realpath(cacheFolder)) + sep
  const entries = await readdir(cacheFolder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const [, part, ...rest] = path.slice(cacheFolder.length + 1).split(sep)
    if (entry.isDirectory()) continue
    if (part === 'blobs' && rest[0].endsWith('.incomplete')) partial.push(rest[0])
    else if (part === 'blobs') assert.is(rest[0], await nameOf(path), `${path} must hash to its name`)
    else if (part === 'snapshots') {
      assert.ok(entry.isSymbolicLink(), `${path} must be a link`)
      assert.ok((await stat(path)).isFile())
      assert.ok((await realpath(path)).startsWith(root), `${path} -> ${await readlink(path)}`)
    } else if (part === 'refs') assert.match(await readFile(path, 'utf8'), /^[0-9a-f]{40}$/)
    else throw new Error(`left over: ${path}`)
  }
  return partial
}

async function nameOf(path: string): Promise<string> {
  const content = await readFile(path)
  const name = path.split(sep).at(-1) ?? ''
  return name.length === 64
    ? createHash('sha256').update(content).digest('hex')
    : createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex')
}

/** The data set with a large, a small and an empty file. */
export const fetchLarge = ({ options }: HubContext): Promise<FetchedRepo> =>
  fetchDataset('someone/large', 'main', /./, options)

export async function checkWhole(context: HubContext, { files }: FetchedRepo): Promise<void> {
  assert.equal(await checkCache(context.settings), [], 'nothing is left over')
  assert.is(files.length, 3)
  assert.ok((await readFile(files[1])).equals(LARGE))
  checkSecrets(context.notes.join('\n'))
}
