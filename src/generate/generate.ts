/** `asp generate` without its command: prepare, find the places of its files, run, write. */
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Failure } from '../errors.js'
import { requestedSparsity } from '../pruning/level.js'
import type { GenerateRecord, TraceLine } from '../record/generate/schema.js'
import {
  type OutputTarget,
  prepareOutput,
  recordFileName,
  writeRecord,
  writeWhole,
} from '../record/io/store.js'
import { type FlowHooks, runFlow } from '../run/flow.js'
import type { FetchHooks } from '../run/model.js'
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

export interface GenerateFlow
  extends Omit<FlowHooks<PreparedGenerate>, 'onPrepared' | 'onRunning'>,
    FetchHooks,
    Omit<GenerateHooks, keyof WritingHooks> {
  /** Everything that was typed is sound; tells who is to hear of the texts. */
  begin: (prepared: PreparedGenerate) => Omit<WritingHooks, 'onTrace'>
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
  return runFlow(
    {
      places: () => tryPlaces(options),
      prepare: async () => {
        const prepared = await prepareGenerate(options, source, flow)
        return { prepared, hearers: flow.begin(prepared) }
      },
      run: async ({ prepared, hearers }, device, { environment, started, onWritten }) => {
        const lines: TraceLine[] = []
        const onTrace = (more: readonly TraceLine[]): void => {
          lines.push(...more)
        }
        const record = await untilStarted(flow, (hooks) =>
          runGenerate(prepared, device, { environment, started }, { ...hooks, ...hearers, onTrace }),
        )
        const path = await writeFiles(options, prepared, record, lines)
        onWritten()
        return { record, path }
      },
    },
    flow,
  )
}

/** Runs `work`, which an interruption ends at once until it says that it has started. */
async function untilStarted(
  flow: GenerateFlow,
  work: (hooks: GenerateHooks) => Promise<GenerateRecord>,
): Promise<GenerateRecord> {
  let started = (): void => undefined
  const start = new Promise<void>((resolve) => {
    started = resolve
  })
  const onStart = (): void => {
    started()
    flow.onStart?.()
  }
  const running = work({ ...flow, onStart })
  await flow.orStop(Promise.race([running, start]))
  return running
}

/** Tries the places of the files before anything is fetched, by writing to them. */
async function tryPlaces({ output, traceFile }: FileOptions): Promise<OutputTarget[]> {
  const places: OutputTarget[] = []
  if (traceFile !== undefined) {
    const info = await stat(traceFile).catch(() => null)
    if (info?.isDirectory()) {
      throw new Failure(`--trace: must be a file, got the folder ${traceFile}`, {
        hint: '--trace drops.jsonl',
      })
    }
    places.push(await prepareOutput(dirname(traceFile), basename(traceFile)))
  }
  // The record's own name waits for what the checkpoint decides.
  if (output !== undefined) places.push(await prepareOutput(output, 'record.json'))
  return places
}

async function writeFiles(
  { output, traceFile }: FileOptions,
  { model, level }: PreparedGenerate,
  record: GenerateRecord,
  lines: readonly TraceLine[],
): Promise<string | null> {
  if (traceFile !== undefined) {
    await writeWhole(resolve(traceFile), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
  if (output === undefined) return null
  const file = recordFileName({
    suites: ['generate'],
    model: model.id,
    policy: level.policy,
    sparsity: requestedSparsity(level),
    started: new Date(record.date * 1000),
  })
  const place = await prepareOutput(output, file)
  await writeRecord(place, record)
  return place.path
}
