/** `asp generate` without its command: prepare, find the places of its files, run, write. */
import { resolve } from 'node:path'
import { requestedSparsity } from '../pruning/level.js'
import type { GenerateRecord, TraceLine } from '../record/generate/schema.js'
import { formatRecord, recordFileName } from '../record/io/store.js'
import { GENERATE_SCHEMA } from '../record/kinds.js'
import { ifThereOf, recordKind, TRACE } from '../run/existing.js'
import { type FlowHooks, keep, runFlow } from '../run/flow.js'
import type { FetchHooks } from '../run/model.js'
import { type HeldPlace, holdAll, holdFile, holdOutput } from '../run/place.js'
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
  /** Replace what is at either. */
  overwrite?: boolean
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
      places: () => holdAll(placesOf(options, flow)),
      prepare: async (started, held) => {
        const prepared = await prepareGenerate(options, source, flow)
        const files = await filesOf(options, prepared, started, held)
        return { prepared, files, hearers: flow.begin(prepared) }
      },
      run: async ({ prepared, files, hearers }, device, { environment, started, onWritten }) => {
        const lines: TraceLine[] = []
        const onTrace = (more: readonly TraceLine[]): void => {
          lines.push(...more)
        }
        const record = await untilStarted(flow, (hooks) =>
          runGenerate(prepared, device, { environment, started }, { ...hooks, ...hearers, onTrace }),
        )
        const { trace, path } = files
        if (trace !== null)
          await keep(trace, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), flow.onUnwritten)
        const written = path === null ? null : await keep(path, formatRecord(record), flow.onUnwritten)
        onWritten()
        return { record, path: written }
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

/** Of the files that are asked for, the record's last; tried before anything is fetched. */
function placesOf(options: FileOptions, { onWait }: GenerateFlow): (() => Promise<HeldPlace>)[] {
  const { output, traceFile } = options
  const wanted = { ifThere: ifThereOf(options), onWait }
  const places: (() => Promise<HeldPlace>)[] = []
  if (traceFile !== undefined)
    places.push(() =>
      holdFile(resolve(traceFile), traceFile, {
        ...wanted,
        kind: TRACE,
        flag: '--trace',
        example: 'drops.jsonl',
      }),
    )
  if (output !== undefined)
    places.push(() => holdOutput(output, { ...wanted, kind: recordKind(GENERATE_SCHEMA) }))
  return places
}

/** Their paths: the record's own name waits for what the checkpoint decides. */
async function filesOf(
  { output, traceFile }: FileOptions,
  { model, level }: PreparedGenerate,
  started: Date,
  held: readonly HeldPlace[],
): Promise<{ trace: string | null; path: string | null }> {
  const name = recordFileName({
    suites: ['generate'],
    model: model.id,
    policy: level.policy,
    sparsity: requestedSparsity(level),
    started,
  })
  const record = output === undefined ? undefined : await held.at(-1)?.file(name)
  return { trace: traceFile === undefined ? null : resolve(traceFile), path: record?.path ?? null }
}
