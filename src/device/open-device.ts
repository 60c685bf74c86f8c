import type { ComputeDevice } from '../engine/compute/device.js'
import type { Failure } from '../errors.js'
import type { AdapterReport } from './adapter-report.js'
import type { DeviceHealth } from './device-health.js'

/** A device that is open, whoever computes. */
export interface OpenDevice {
  device: ComputeDevice
  adapter: AdapterReport
  /** Resolves when the device is lost or has failed; never after `close`. */
  lost: Promise<Failure>
  health: Pick<DeviceHealth, 'guard'>
  /** Destroys the device, which no longer keeps the process alive. */
  close: () => void
}
