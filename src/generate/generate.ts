/** `asp generate` without its command: prepare, find the places of its files, run, write. */
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { FetchProgress } from '../data/hub/hub.js'
import { Failure } from '../errors.js'
import type { AdapterRecord } from '../record/eval/schema.js'
import type { GenerateRecord, TraceLine } from '../record/generate/schema.js'
import { collectEnvironment } from '../record/io/environment.js'
import {
  abandonOutput,
  type OutputTarget,
  prepareOutput,
  recordFileName,
  writeRecord,
  writeWhole,
} from '../record/io/store.js'
import type { RunDevice } from '../run/open-model.js'
import type { GenerateOptions } from './options.js'
import { type PreparedGenerate, prepareGenerate } from './prepare.js'
import type { PromptSource } from './prompts.js'
import { type GenerateHooks, runGenerate } from './run.js'
import type { WritingHooks } from './writing.js'

export interface FileOptions {
  /** A .json file or a folder for the record; none is written when undefined. */
  output?: string
  /** A file for the trace; none is written when undefined. */
  traceFile?: string
}

export interface GenerateFlow extends Omit<GenerateHooks, keyof WritingHooks> {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onFetch?: (progress: FetchProgress) => void
  /** Everything that was typed is sound; tells who is to hear of the texts. */
  begin: (prepared: PreparedGenerate) => Omit<WritingHooks, 'onTrace'>
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export interface Generated {
  record: GenerateRecord
  /** Of the record; null when none was written. */
  path: string | null
}

export async function generate(
  options: GenerateOptions & FileOptions,
  source: PromptSource,
  flow: GenerateFlow,
): Promise<Generated> {
  const { orStop, openDevice } = flow
  const started = new Date()
  const places = await tryPlaces(options)
  let written = false
  try {
    const prepared = await orStop(prepareGenerate(options, source, flow.onFetch))
    const hearers = flow.begin(prepared)
    const { record: adapter, ...device } = await orStop(openDevice())
    const environment = await collectEnvironment(adapter)
    const lines: TraceLine[] = []
    const onTrace = (more: readonly TraceLine[]): void => {
      lines.push(...more)
    }
    const record = await untilStarted(flow, (hooks) =>
      runGenerate(prepared, device, { environment, started }, { ...hooks, ...hearers, onTrace }),
    )
    const path = await writeFiles(options, places, prepared, record, lines)
    written = true
    return { record, path }
  } finally {
    if (!written) for (const place of places.values()) await abandonOutput(place)
  }
}

/** Runs `work`, which an interruption ends at once until it says that it has started. */
async function untilStarted(
  flow: GenerateFlow,
  work: (hooks: GenerateHooks) => Promise<GenerateRecord>,
): Promise<GenerateRecord> {
  const { promise: start, resolve } = deferred()
  const onStart = (): void => {
    resolve()
    flow.onStart?.()
  }
  const running = work({ ...flow, onStart })
  await flow.orStop(Promise.race([running, start]))
  return running
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

type FileKind = keyof FileOptions

/** Tries the places of the files before anything is fetched, by writing to them. */
async function tryPlaces({ output, traceFile }: FileOptions): Promise<Map<FileKind, OutputTarget>> {
  const places = new Map<FileKind, OutputTarget>()
  if (traceFile !== undefined) {
    const info = await stat(traceFile).catch(() => null)
    if (info?.isDirectory()) {
      throw new Failure(`--trace: must be a file, got the folder ${traceFile}`, {
        hint: '--trace drops.jsonl',
      })
    }
    places.set('traceFile', await prepareOutput(dirname(traceFile), basename(traceFile)))
  }
  // The record's own name waits for what the checkpoint decides.
  if (output !== undefined) places.set('output', await prepareOutput(output, 'record.json'))
  return places
}

async function writeFiles(
  { output }: FileOptions,
  places: ReadonlyMap<FileKind, OutputTarget>,
  { model, policy }: PreparedGenerate,
  record: GenerateRecord,
  lines: readonly TraceLine[],
): Promise<string | null> {
  const trace = places.get('traceFile')
  if (trace !== undefined) {
    await writeWhole(trace.path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
  if (output === undefined) return null
  const { name, sparsity } = policy
  const started = new Date(record.date * 1000)
  const file = recordFileName({ suites: ['generate'], model: model.id, policy: name, sparsity, started })
  const place = await prepareOutput(output, file)
  await writeRecord(place, record)
  return place.path
}
