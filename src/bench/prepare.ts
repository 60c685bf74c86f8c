/** Everything of a benchmark that can be checked before a device is opened; every bad input ends here. */
import { readFile } from 'node:fs/promises'
import { sha256Of } from '../data/files.js'
import { isRandomModel, randomModel } from '../data/random-model.js'
import { plainText } from '../data/text-files.js'
import { sampleText } from '../data/text-sample.js'
import type { TokenizerSource } from '../data/tokenizer/source.js'
import { loadTokenizer } from '../data/tokenizer.js'
import { MOST_STEPS } from '../engine/decode/step-uniforms.js'
import type { CacheKind } from '../engine/decode/types.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { TensorSource } from '../engine/tensor-source.js'
import { Failure } from '../errors.js'
import { chooseLevels, type LevelListFlags } from '../pruning/choose.js'
import type { Level } from '../pruning/level.js'
import type { BenchData, BenchModel } from '../record/bench/schema.js'
import { chooseDtype, type DtypeName } from '../run/dtype.js'
import { type FetchHooks, findModel } from '../run/model.js'
import { checkpointRecord, configRecord } from '../run/model-record.js'
import { paddingNotes } from '../run/padding-note.js'
import { type Batch, type Configuration, planConfigurations } from './configurations.js'
import { planTests, type TestFlags } from './tests.js'
import { areDistinct, randomTokens } from './windows.js'

export interface BenchOptions extends LevelListFlags {
  /** Folder, bundled name, Hub id or `random:<size>`; the bundled adaptive checkpoint when undefined. */
  model?: string
  revision?: string
  /** `random`, or a text file; the bundled text when undefined. */
  data?: string
  seed: number
  tests: TestFlags
  /** These instead of what the flags say. */
  levels?: readonly Level[]
  batches: readonly Batch[]
  dtypes: readonly DtypeName[]
  caches: readonly CacheKind[]
  cacheDtypes: readonly WeightDtype[]
  baseline: boolean
  /** Runs every configuration twice a round, to measure what identical ones differ by. */
  calibrate?: boolean
  /** Undefined: five, or fewer where `maxTime` leaves no room. */
  repetitions?: number
  warmUp: boolean
  /** Seconds between runs. */
  delay: number
  /** Seconds the run may take; undefined: 230, unless `repetitions` is given. */
  maxTime?: number
  /** Rows of a prompt at a time; undefined suits the adapter. */
  chunk?: number
  stepsPerSubmission: number
  curveStep: number
  /** Whether the cost is split by stage. */
  stages: boolean
  /** The arguments as typed. */
  command: readonly string[]
}

export interface PreparedBench {
  options: BenchOptions
  model: BenchModel
  config: Gpt2Config
  tensors: TensorSource
  /** Hex SHA-256 of the weight files; null for random weights. */
  weightsSha256: () => Promise<string | null>
  /** What sequences are cut from and thresholds found on. */
  tokens: Uint32Array
  data: Omit<BenchData, 'distinct'>
  configurations: Configuration[]
  notes: string[]
  tokenizeSeconds: number
}

/** What drops are made of where weights were never trained. */
const SYNTHETIC_SPARSITY = 0.8

/** Random tokens that sequences are cut from: 64 windows of GPT-2's context. */
const RANDOM_TOKENS = 65_536

export async function prepareBench(options: BenchOptions, hooks: FetchHooks = {}): Promise<PreparedBench> {
  checkNumbers(options)
  const loaded = isRandomModel(options.model) ? openRandom(options) : await openTrained(options, hooks)
  const { model, config } = loaded
  const { groups, notes } = planTests(options.tests, config.nPositions)
  const dtypes = options.dtypes.map((dtype) => chooseDtype(dtype, loaded.storedDtype))
  const configurations = planConfigurations(groups, {
    ...options,
    levels: options.levels ?? chooseBenchLevels(options, loaded),
    dtypes: [...new Set(dtypes)],
  })
  const began = performance.now()
  const { tokens, data } = await readTokens(options, loaded)
  return {
    options,
    ...loaded,
    model,
    tokens,
    data,
    configurations,
    notes: [...notes, ...paddingNotes(config)],
    tokenizeSeconds: (performance.now() - began) / 1000,
  }
}

/** Whether the sequences of `batch` places are of different text. */
export function sequencesDistinct({ tokens, configurations }: PreparedBench, batch: number): boolean {
  const longest = Math.max(...configurations.map(({ group }) => group.ctx))
  return areDistinct(tokens, batch, longest + 1)
}

interface Loaded extends Pick<PreparedBench, 'model' | 'config' | 'tensors' | 'weightsSha256'> {
  storedDtype: Parameters<typeof chooseDtype>[1]
  /** Undefined where there is none. */
  tokenizerSource: TokenizerSource | undefined
}

function openRandom({ model: spec = '', revision, seed }: BenchOptions): Loaded {
  if (revision !== undefined) {
    throw new Failure(`--revision: applies to models from the Hub, got ${revision} for ${spec}`, {
      hint: 'leave --revision out',
    })
  }
  const { id, config, tensors, parameters, bytes } = randomModel(spec, seed)
  const facts = { id, source: 'random', revision: null, sha256: null, parameters, bytes } as const
  return {
    model: { ...facts, stored_dtype: 'f32', config: configRecord(config) },
    config,
    tensors,
    storedDtype: 'F32',
    tokenizerSource: undefined,
    weightsSha256: async () => null,
  }
}

async function openTrained(options: BenchOptions, hooks: FetchHooks): Promise<Loaded> {
  const found = await findModel(options, hooks)
  const { config, tensors, storedDtype, weightsSha256 } = found.checkpoint
  return {
    model: checkpointRecord(found),
    config,
    tensors,
    storedDtype,
    tokenizerSource: found.checkpoint.tokenizer,
    weightsSha256,
  }
}

/** Each policy at each number it takes. Failure: a request that the checkpoint cannot meet. */
function chooseBenchLevels(options: BenchOptions, { model, config }: Loaded): Level[] {
  const usual = model.source === 'random' ? [SYNTHETIC_SPARSITY] : [undefined]
  return chooseLevels({ id: model.id, config }, options, () => usual)
}

async function readTokens(
  { data, seed }: BenchOptions,
  { tokenizerSource, config }: Loaded,
): Promise<Pick<PreparedBench, 'tokens' | 'data'>> {
  if (data === 'random' || (tokenizerSource === undefined && data === undefined)) {
    const tokens = randomTokens(RANDOM_TOKENS, config.vocabSize, seed)
    const source = 'seeded random tokens'
    return { tokens, data: { kind: 'random', source, tokens: tokens.length, sha256: sha256Of(tokens) } }
  }
  if (tokenizerSource === undefined) {
    throw new Failure(`--text: random weights have no tokenizer for text, got ${data}`, {
      hint: '--text random',
    })
  }
  const isSample = data === undefined || data === 'sample'
  const text = isSample ? await sampleText() : await readText(data)
  const tokens = (await loadTokenizer(tokenizerSource, config.vocabSize)).encode(text)
  if (tokens.length === 0) throw new Failure(`${data}: has no text`, { hint: 'give a file with text in it' })
  const source = isSample ? 'bundled beginnings of public-domain books' : data
  const kind = isSample ? 'sample' : 'file'
  return { tokens, data: { kind, source, tokens: tokens.length, sha256: sha256Of(tokens) } }
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new Failure(`${file}: cannot be read as text (${cause instanceof Error ? cause.message : cause})`, {
      hint: '--text takes a text file, "sample" for the bundled text, or "random"',
      cause,
    })
  })
  return plainText(file, bytes)
}

function checkNumbers(options: BenchOptions): void {
  const counts: [flag: string, value: number | undefined, most?: number][] = [
    ['--repetitions', options.repetitions],
    ['--chunk', options.chunk],
    ['--steps-per-submission', options.stepsPerSubmission, MOST_STEPS],
    ['--curve-step', options.curveStep, MOST_STEPS],
  ]
  for (const [flag, value, most = Number.POSITIVE_INFINITY] of counts) {
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) continue
    const range = most === Number.POSITIVE_INFINITY ? 'above 0' : `from 1 to ${most}`
    throw new Failure(`${flag}: must be a whole number ${range}, got ${value}`, { hint: `${flag} 1` })
  }
  const seconds: [flag: string, value: number | undefined][] = [
    ['--delay', options.delay],
    ['--max-time', options.maxTime],
  ]
  for (const [flag, value] of seconds) {
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue
    throw new Failure(`${flag}: must be a number of seconds from 0, got ${value}`, { hint: `${flag} 60` })
  }
}
