/** What the passes of a block work with. */
import type { DeviceBuffer } from '../compute/device.js'
import type { TrainBuffers } from './buffers.js'
import type { ParamBuffers } from './parameters.js'
import type { TrainRecorder } from './recorder.js'
import type { TrainRule } from './types.js'

/** What all blocks of a pass have in common. */
export interface BlockContext {
  recorder: TrainRecorder
  buffers: TrainBuffers
  /** B, T */
  sequences: number
  tokens: number
  rule: TrainRule['kind']
  /** Of the alpha-sigmoid. */
  alpha: number
  betas: ParamBuffers | null
  /** What the sums of a step are gathered in, and the share in their mean of one pair of one layer. */
  sums: DeviceBuffer
  pairShare: number
  /** The share of one key of one layer in the mean of a gate's errors. */
  keyShare: number
}
