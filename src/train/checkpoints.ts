/**
 * Training states on disk. Each is a folder `step-<n>` that is a Hugging Face checkpoint in f32 (so that it can be scored
 * or begun from like any other) with both moments of AdamW and state.json beside it; it is there whole or not at all, and
 * the last two are kept.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  hashFile,
  removeUnfinished,
  type WrittenFile,
  writeFailure,
  writeFolder,
  writeText,
} from '../data/durable-files.js'
import { sha256Of } from '../data/files.js'
import { isObject } from '../data/json-file.js'
import type { TrainerState } from '../engine/train/types.js'
import { Failure } from '../errors.js'
import { parseJson } from '../json.js'
import type { ModelRecord } from '../record/common.js'
import type { TrainRunOptions } from '../record/train/schema.js'
import { type ExportSource, writeModelFiles } from './export.js'
import { readTensors, writeTensors } from './tensor-file.js'

export const STATE_SCHEMA = 'asp.train-state/1'

/** What a state says of itself; the tensors are beside it. */
export interface StateFacts {
  /** Taken so far. */
  step: number
  options: TrainRunOptions
  /** Sequences times ctx worked on at a time: another number sums in another order. */
  micro_tokens: number
  /** SHA-256 of what was begun from; null for random weights. */
  source: string | null
  /** What config.json says of it; states of older versions lack it. */
  config?: ModelRecord['config']
  /** SHA-256 over the windows to train on. */
  data: string
  /** Windows taken so far: whole epochs, and of the one under way. Both follow from the step. */
  position: { epoch: number; window: number }
}

export interface SavedState {
  folder: string
  facts: StateFacts
  /** Reads the tensors. */
  load(): Promise<TrainerState>
}

interface StateFile extends StateFacts {
  schema: typeof STATE_SCHEMA
  files: Record<string, WrittenFile>
  /** SHA-256 over all of the above; states of older versions lack it. */
  sha256?: string
}

const FILES = {
  weights: 'model.safetensors',
  firstMoments: 'first-moments.safetensors',
  secondMoments: 'second-moments.safetensors',
} as const satisfies Record<keyof TrainerState, string>
const STATE_FILE = 'state.json'
const KEPT = 2

/** Names in Hugging Face files; the moments have them too. */
const PREFIX = 'transformer.'

/** Folder of the states of a run. */
export const statesFolder = (run: string): string => join(run, 'checkpoints')

export const stateFolder = (run: string, step: number): string =>
  join(statesFolder(run), `step-${String(step).padStart(6, '0')}`)

/**
 * Writes a state and removes all but the last two.
 * @throws Failure (exit 1) when the disk does not take it; the states before are as they were
 */
export async function saveState(
  run: string,
  facts: StateFacts,
  state: TrainerState,
  source: ExportSource,
): Promise<string> {
  const target = stateFolder(run, facts.step)
  try {
    await removeUnfinished(statesFolder(run))
    await writeFolder(target, async (folder) => {
      const files: Record<string, WrittenFile> = {
        [FILES.weights]: await writeModelFiles(folder, state.weights, source, 'f32'),
      }
      for (const kind of ['firstMoments', 'secondMoments'] as const) {
        files[FILES[kind]] = await writeTensors(join(folder, FILES[kind]), state[kind], { prefix: PREFIX })
      }
      const file = signed({ schema: STATE_SCHEMA, ...facts, files })
      await writeText(join(folder, STATE_FILE), `${JSON.stringify(file, null, 2)}\n`)
    })
  } catch (cause) {
    const [last] = await stepsOf(run)
    const kept =
      last === undefined
        ? 'no checkpoint was written yet'
        : `step ${last} is kept, --resume continues from it`
    throw writeFailure(target, cause, kept)
  }
  for (const step of (await stepsOf(run)).slice(KEPT)) {
    await rm(stateFolder(run, step), { recursive: true, force: true })
  }
  return target
}

/**
 * The last state whose files are all as they were written; null when there never was one.
 * @param onDamaged told of each that is passed over
 * @throws Failure when there are states and none is whole
 */
export async function lastState(
  run: string,
  onDamaged?: (folder: string, why: string) => void,
): Promise<SavedState | null> {
  await removeUnfinished(statesFolder(run))
  const steps = await stepsOf(run)
  for (const step of steps) {
    const folder = stateFolder(run, step)
    const file = await readState(folder, step)
    const fault = typeof file === 'string' ? file : await firstDamage(folder, file)
    if (fault === null && typeof file !== 'string') {
      const { schema: _schema, files: _files, sha256: _sha256, ...facts } = file
      return { folder, facts, load: () => loadState(folder) }
    }
    onDamaged?.(folder, fault ?? '')
  }
  if (steps.length === 0) return null
  throw new Failure(`${statesFolder(run)}: no checkpoint is whole, got ${steps.length} that are damaged`, {
    hint: 'start again with another --output, or from one of their model.safetensors with --model',
  })
}

/** Steps of the states there are, the last first. */
export async function stepsOf(run: string): Promise<number[]> {
  const names = await readdir(statesFolder(run)).catch(() => [])
  return names
    .flatMap((name) => /^step-(?<step>\d+)$/.exec(name)?.groups?.step ?? [])
    .map(Number)
    .sort((a, b) => b - a)
}

/** What is wrong with it, where something is. */
async function readState(folder: string, step: number): Promise<StateFile | string> {
  const text = await readFile(join(folder, STATE_FILE), 'utf8').catch(() => null)
  if (text === null) return `${STATE_FILE} is missing`
  try {
    const value = parseJson(text)
    if (!isObject(value) || value.schema !== STATE_SCHEMA || !isObject(value.files))
      return `${STATE_FILE} is not ${STATE_SCHEMA}`
    const file = value as unknown as StateFile
    const wrong = wrongFact(file, step)
    return wrong === null ? file : `${STATE_FILE} is not as it was written: ${wrong}`
  } catch {
    return `${STATE_FILE} is not JSON`
  }
}

function signed({ sha256: _, ...file }: StateFile): StateFile {
  return { ...file, sha256: sha256Of(JSON.stringify(file)) }
}

/** The first fact that cannot be what a training wrote; null where there is none. */
function wrongFact(file: StateFile, step: number): string | null {
  const { options, micro_tokens, source, data, position, sha256 } = file
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
  const checks: Readonly<Record<string, boolean>> = {
    step: file.step === step,
    options: isObject(options),
    micro_tokens: isCount(micro_tokens) && micro_tokens > 0 && micro_tokens % options?.ctx === 0,
    source: source === null || typeof source === 'string',
    data: typeof data === 'string',
    position: isObject(position) && isCount(position.epoch) && isCount(position.window),
    sha256: sha256 === undefined || sha256 === signed(file).sha256,
  }
  return Object.keys(checks).find((name) => !checks[name]) ?? null
}

/** In words, null for none: sizes first, as a cut file is what a full disk leaves. */
async function firstDamage(folder: string, { files }: StateFile): Promise<string | null> {
  for (const name of Object.values(FILES)) {
    const found = await hashFile(join(folder, name)).catch(() => null)
    const expected = files[name]
    if (found === null || expected === undefined) return `${name} is missing`
    if (found.bytes !== expected.bytes)
      return `${name} has ${found.bytes} bytes, was written with ${expected.bytes}`
    if (found.sha256 !== expected.sha256) return `${name} is not as it was written`
  }
  return null
}

async function loadState(folder: string): Promise<TrainerState> {
  const read = async (kind: keyof TrainerState): Promise<TrainerState[typeof kind]> => {
    const tensors = await readTensors(join(folder, FILES[kind]))
    return new Map([...tensors].map(([name, tensor]) => [name.slice(PREFIX.length), tensor]))
  }
  return {
    weights: await read('weights'),
    firstMoments: await read('firstMoments'),
    secondMoments: await read('secondMoments'),
  }
}
