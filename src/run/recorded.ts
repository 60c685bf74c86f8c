/** The flow of a run whose result is one record in a folder of records. */
import { Failure } from '../errors.js'
import type { Schema } from '../record/io/records.js'
import {
  formatRecord,
  type OutputTarget,
  type RunName,
  recordFileName,
  writeRecord,
} from '../record/io/store.js'
import { type IfThere, recordKind } from './existing.js'
import { type FlowContext, type FlowHooks, keep, runFlow } from './flow.js'
import type { RunDevice } from './open-model.js'
import { holdOutput } from './place.js'

export interface RecordContext<E> extends FlowContext {
  place: OutputTarget
  /** What an earlier run left there. */
  earlier: E
  /** Writes the record before anything is measured. Its Failure ends the run. */
  begin: (record: object) => Promise<void>
  /** Replaces the record. What cannot be written is tried again with the next one; the last goes elsewhere if need be. */
  write: (record: object) => Promise<void>
}

export interface Recorded<P, R, E> {
  /** A .json file or a folder; `results` when undefined. */
  output: string | undefined
  schema: Schema
  ifThere: IfThere
  /** Whether the command can go on with a record. */
  resumable?: boolean
  prepare: () => Promise<P>
  /** The parts of the record's default name. */
  name: (prepared: P) => Omit<RunName, 'started'>
  /** Reads what an earlier run left, and finds what is in the way of files beside the record, before a device is opened. */
  earlier: (place: OutputTarget, prepared: P) => Promise<E>
  run: (prepared: P, device: RunDevice, context: RecordContext<E>) => Promise<R>
}

/** For runs that begin anew. */
export const noEarlier = async (): Promise<null> => null

/** Gives what `run` gives, and the path of the record. */
export function recordedRun<P, R, E>(
  { output, schema, ifThere, resumable, prepare, name, earlier: readEarlier, run }: Recorded<P, R, E>,
  { onPrepared, ...hooks }: FlowHooks<P>,
): Promise<R & { path: string }> {
  const { onWait, onUnwritten } = hooks
  const wanted = { kind: recordKind(schema), ifThere, resumable, onWait }
  return runFlow(
    {
      places: async () => [await holdOutput(output, wanted)],
      prepare: async (started, [holder]) => {
        const prepared = await prepare()
        // The record's own name waits for what the checkpoint decides.
        const place = await holder.file(recordFileName({ ...name(prepared), started }))
        return { prepared, place, earlier: await readEarlier(place, prepared) }
      },
      run: async ({ prepared, place, earlier }, device, context) => {
        const begin = async (record: object): Promise<void> => {
          await writeRecord(place, record)
          context.onWritten()
        }
        let unwritten: object | null = null
        const write = async (record: object): Promise<void> => {
          try {
            await begin(record)
            unwritten = null
          } catch (cause) {
            if (!(cause instanceof Failure)) throw cause
            unwritten = record
          }
        }
        const kept = async (): Promise<string> =>
          unwritten === null ? place.path : keep(place.path, formatRecord(unwritten), onUnwritten)
        const result = await run(prepared, device, { ...context, place, earlier, begin, write }).catch(
          async (error: unknown) => {
            await kept()
            throw error
          },
        )
        return { ...result, path: await kept() }
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
