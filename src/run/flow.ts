/**
 * The way of every run that leaves a file: hold the place, prepare, open the device, run, and let go of the place, which is taken back
 * where nothing was written. What can fail because of what was typed fails before a device is opened, and before anything is fetched if it can.
 */

import { Failure } from '../errors.js'
import type { AdapterRecord, EnvironmentRecord } from '../record/common.js'
import { collectEnvironment } from '../record/io/environment.js'
import { writeWhole } from '../record/io/store.js'
import type { RunDevice } from './open-model.js'
import type { HeldPlace } from './place.js'
import { rescue } from './rescue.js'

export interface FlowHooks<P> {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: (prepared: P) => void
  /** From here on an interruption leaves a record. */
  onRunning?: () => void
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
  /** Told why a result is not where it should be, and where it is; the run itself ends as if it were. */
  onUnwritten?: (failure: Failure) => void
  /** Told what is waited for. */
  onWait?: (text: string) => void
}

export interface FlowContext {
  environment: EnvironmentRecord
  started: Date
  /** To be called once a file is there. */
  onWritten: () => void
}

export interface Flow<P, R> {
  /** Holds the places of the files, each tried by writing to it. */
  places: (started: Date) => Promise<HeldPlace[]>
  prepare: (started: Date, held: HeldPlace[]) => Promise<P>
  run: (prepared: P, device: RunDevice, context: FlowContext) => Promise<R>
}

export async function runFlow<P, R>(
  { places, prepare, run }: Flow<P, R>,
  { openDevice, onPrepared, onRunning, orStop }: FlowHooks<P>,
): Promise<R> {
  const started = new Date()
  const held = await places(started)
  let written = false
  const onWritten = (): void => {
    written = true
  }
  try {
    const prepared = await orStop(prepare(started, held))
    onPrepared?.(prepared)
    const { record: adapter, ...device } = await orStop(openDevice())
    const environment = await collectEnvironment(adapter)
    onRunning?.()
    return await run(prepared, device, { environment, started, onWritten })
  } finally {
    for (const place of held) await place.release(written)
  }
}

/**
 * Writes a result in the end, or elsewhere where its place no longer takes it.
 * @returns where it is; its own place where it could be kept nowhere
 */
export async function keep(
  file: string,
  text: string,
  onUnwritten: FlowHooks<unknown>['onUnwritten'],
): Promise<string> {
  try {
    await writeWhole(file, text)
    return file
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    const { path, failure } = await rescue(file, text, cause)
    onUnwritten?.(failure)
    return path ?? file
  }
}
