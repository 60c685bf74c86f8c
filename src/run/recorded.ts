/** The flow of a run whose result is one record in a folder of records. */
import { Failure } from '../errors.js'
import {
  type OutputTarget,
  prepareOutput,
  type RunName,
  recordFileName,
  writeRecord,
} from '../record/io/store.js'
import { type FlowContext, type FlowHooks, runFlow } from './flow.js'
import type { RunDevice } from './open-model.js'

export interface RecordContext<E> extends FlowContext {
  place: OutputTarget
  /** What an earlier run left there. */
  earlier: E
  /** Replaces the record; the first call keeps its place. */
  write: (record: object) => Promise<void>
}

export interface Recorded<P, R, E> {
  /** A .json file or a folder; `results` when undefined. */
  output: string | undefined
  prepare: () => Promise<P>
  /** The parts of the record's default name. */
  name: (prepared: P) => Omit<RunName, 'started'>
  /** Reads what an earlier run left, before a device is opened. */
  earlier: (place: OutputTarget) => Promise<E>
  run: (prepared: P, device: RunDevice, context: RecordContext<E>) => Promise<R>
}

/** For runs that begin anew. */
export const noEarlier = async (): Promise<null> => null

/** Gives what `run` gives, and the path of the record. */
export function recordedRun<P, R, E>(
  { output, prepare, name, earlier: readEarlier, run }: Recorded<P, R, E>,
  { onPrepared, ...hooks }: FlowHooks<P>,
): Promise<R & { path: string }> {
  return runFlow(
    {
      // The record's own name waits for what the checkpoint decides.
      places: async () => [await prepareOutput(output, 'record.json')],
      prepare: async (started) => {
        const prepared = await prepare()
        const place = await prepareOutput(output, recordFileName({ ...name(prepared), started }))
        return { prepared, place, earlier: await readEarlier(place) }
      },
      run: async ({ prepared, place, earlier }, device, context) => {
        const write = async (record: object): Promise<void> => {
          await writeRecord(place, record)
          context.onWritten()
        }
        const result = await run(prepared, device, { ...context, place, earlier, write })
        return { ...result, path: place.path }
      },
    },
    { ...hooks, onPrepared: ({ prepared }) => onPrepared?.(prepared) },
  )
}

/** Failure: no file is named that a run could be continued from. */
export function checkResumable(output: string | undefined, example: string): void {
  if (output?.endsWith('.json')) return
  throw new Failure('--resume: needs the record to continue', {
    hint: `name it with --output ${example}, in the first run as well as in those that resume it`,
  })
}
