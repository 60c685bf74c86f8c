import type { Failure } from '../../errors.js'

/** How long the device's own account of a failure is waited for. */
const PATIENCE_MS = 500

/**
 * What `work` gives. When the device is gone, mapping fails at once, and the reason, from `lost`, helps more than
 * "mapping failed". An abort is no failure of the device.
 */
export async function orLost<T>(work: Promise<T>, lost: Promise<Failure>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error
    const patience = new Promise<null>((resolve) => {
      setTimeout(resolve, PATIENCE_MS, null)
    })
    throw (await Promise.race([lost, patience])) ?? error
  }
}
