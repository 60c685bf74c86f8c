/**
 * The way of every run that leaves a file: try the place, prepare, open the device, run, and take the place back where nothing was
 * written. What can fail because of what was typed fails before a device is opened, and before anything is fetched if it can.
 */
import type { AdapterRecord, EnvironmentRecord } from '../record/common.js'
import { collectEnvironment } from '../record/io/environment.js'
import { abandonOutput, type OutputTarget } from '../record/io/store.js'
import type { RunDevice } from './open-model.js'

export interface FlowHooks<P> {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: (prepared: P) => void
  /** From here on an interruption leaves a record. */
  onRunning?: () => void
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export interface FlowContext {
  environment: EnvironmentRecord
  started: Date
  /** To be called once a file is there. */
  onWritten: () => void
}

export interface Flow<P, R> {
  /** The places of the files, each tried by writing to it. */
  places: (started: Date) => Promise<OutputTarget[]>
  prepare: (started: Date) => Promise<P>
  run: (prepared: P, device: RunDevice, context: FlowContext) => Promise<R>
}

export async function runFlow<P, R>(
  { places, prepare, run }: Flow<P, R>,
  { openDevice, onPrepared, onRunning, orStop }: FlowHooks<P>,
): Promise<R> {
  const started = new Date()
  const tried = await places(started)
  let written = false
  const onWritten = (): void => {
    written = true
  }
  try {
    const prepared = await orStop(prepare(started))
    onPrepared?.(prepared)
    const { record: adapter, ...device } = await orStop(openDevice())
    const environment = await collectEnvironment(adapter)
    onRunning?.()
    return await run(prepared, device, { environment, started, onWritten })
  } finally {
    if (!written) for (const place of tried) await abandonOutput(place)
  }
}
