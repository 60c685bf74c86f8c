/** Sums of a buffer's values, which a step gathers in one place to be read back together. */
import type { DeviceBuffer } from '../compute/device.js'
import { STRETCH } from '../kernels/structs.js'
import type { TrainRecorder } from './recorder.js'

/** Where a step's sums lie; last the mean of I of each layer, or of the square of its gate's errors. */
export const SUMS = { crossEntropy: 0, divergence: 1, layers: 2 } as const

/** out[at] += scale * the sum of a stretch of values. */
export function sumInto(
  recorder: TrainRecorder,
  values: DeviceBuffer,
  { first, count }: { first: number; count: number },
  out: DeviceBuffer,
  at: number,
  scale: number,
): void {
  recorder.dispatch(
    { kernel: 'total', constants: { WORKGROUP: recorder.lanes } },
    [values, out, recorder.struct(STRETCH, { first, count, at, scale })],
    [1],
  )
}
