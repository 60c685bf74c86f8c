/** `--tuning`: the open device with the kernels that a tuning run has found fastest on it, kept from run to run. */
import { Flags } from '@oclif/core'
import { guard, type OpenDevice } from '../device/open.js'
import { forgetTuning, keepTuning, readTuning, tuningFile } from '../device/tuning-cache.js'
import { kernelSetHash, parseChoice, type TuneOptions, type TuningChoice, tune } from '../engine/tuner.js'
import { runDevice } from './base-command.js'
import { wordOf } from './flag-kinds.js'

export const TUNING_MODES = ['auto', 'off', 'force'] as const
export type TuningMode = (typeof TUNING_MODES)[number]

export const tuningFlag = Flags.custom<TuningMode>(wordOf(TUNING_MODES))({
  summary: 'time the matmul kernels, keep the fastest: auto once per GPU, force again',
  helpGroup: 'model and device',
  default: 'auto',
})

export interface TunedDeviceOptions extends TuneOptions {
  /** Where the choice is kept; asp's cache when undefined. */
  cache?: string
  /** What the choice is and whether it was measured just now; not called without one. */
  onTuned?: (choice: TuningChoice, measured: boolean) => void
}

/**
 * The open device as runs take it, tuned as `mode` says.
 * While a run is under way its file says so: where a kernel took the driver down with it, `auto` does not try again.
 * @throws {Failure} exit 1 when the device is lost
 */
export async function tunedDevice(
  open: OpenDevice,
  mode: TuningMode,
  { cache, onTuned, ...options }: TunedDeviceOptions = {},
): Promise<ReturnType<typeof runDevice>> {
  const device = runDevice(open)
  if (mode === 'off' || (mode === 'auto' && open.adapter.kind !== 'hardware')) return device
  const file = tuningFile(open.adapter, kernelSetHash(), cache)
  const kept = mode === 'force' ? undefined : await readTuning(file)
  const known = parseChoice(kept)
  if (known !== null) {
    onTuned?.(known, false)
    return withChoice(device, known)
  }
  if (kept !== undefined) return device
  await keepTuning(file, UNFINISHED)
  try {
    const choice = await guard(open, tune(open.device, open.adapter, options))
    await keepTuning(file, choice)
    onTuned?.(choice, true)
    return withChoice(device, choice)
  } catch (error) {
    if (options.signal?.aborted) await forgetTuning(file)
    throw error
  }
}

const UNFINISHED = { unfinished: true }

function withChoice<T extends ReturnType<typeof runDevice>>(device: T, { matmul }: TuningChoice): T {
  return { ...device, adapter: { ...device.adapter, tuned: matmul } }
}
