/** Choosing the next token of every row on the device: the kernels' inputs, and their dispatch. */
import type { ComputePass, DeviceBuffer, KernelSpec, Slice } from '../compute/device.js'
import { columnsOf, type ForwardContext } from '../gpt2/layers.js'
import { SAMPLE_STEP, SAMPLING } from '../kernels/structs.js'
import type { Tuning } from '../tuning.js'
import type { Sampling } from './types.js'

/** In `forced`: leave the choice to the logits. */
export const NOT_FORCED = 0xffffffff

/** In the ring: a logit of the row was NaN or +infinity, so there is nothing to choose from. */
export const NO_TOKEN = 0xffffffff

/** Below this a draw is the arg max in all but exact ties, and scores would overflow. */
const LOWEST_TEMPERATURE = 1e-5

/** How a step's logits lie: vocabulary slice after slice, each (M, its columns in memory). */
export interface LogitLayout {
  /** V: tokens in all. */
  vocabSize: number
  /** Tokens of every slice but the last. */
  width: number
  /** Columns of each slice in memory. */
  columns: readonly number[]
  /** Lanes of the workgroup that chooses a row's token. */
  lanes: number
}

/** M rows of logits and what is chosen from them. */
export interface SampleBuffers {
  /** As `logitSlices` has them. */
  logits: DeviceBuffer
  /** (M, 2): last token and its position on entry, the chosen token and its position on return. */
  tokens: DeviceBuffer
  /** (steps, M): receives the chosen token. */
  ring: DeviceBuffer
  /** (steps, M): tokens to take instead, NOT_FORCED where there is none; null when there is none at all. */
  forced: DeviceBuffer | null
  /** (M, 4) of `samplingWords`; null when every row is greedy. */
  samplings: DeviceBuffer | null
}

export function logitLayout({ config, weights, tuning }: ForwardContext): LogitLayout {
  const columns = weights.head.map(({ linear }) => columnsOf(linear))
  const width = columns.length === 1 ? columns[0] : weights.head[0].columns
  return { vocabSize: config.vocabSize, width, columns, lanes: sampleLanes(tuning) }
}

/** Few rows with much to read each: on hardware more lanes than other row-wise kernels have. */
export function sampleLanes({ lanes }: Tuning): number {
  return lanes < 64 ? lanes : 128
}

/** Words of logits that a row has in all. */
export function logitWords({ columns }: LogitLayout): number {
  return columns.reduce((sum, count) => sum + count, 0)
}

/** Where the logits of each vocabulary slice of M rows lie: what the head's matmuls write to. */
export function logitSlices({ columns }: LogitLayout, rows: number, buffer: DeviceBuffer): Slice[] {
  let offset = 0
  return columns.map((count) => {
    const slice = { buffer, offset, size: 4 * rows * count }
    offset += slice.size
    return slice
  })
}

/** Whether the arg max is taken; steps in which every row does so go without `samplings`. */
export function isGreedy({ temperature, topK }: Sampling): boolean {
  return temperature < LOWEST_TEMPERATURE || topK === 1
}

/** (M) of SAMPLING. */
export function samplingWords(samplings: readonly Sampling[]): Uint32Array {
  return SAMPLING.table(
    samplings.map((sampling) => ({
      ...sampling,
      temperature: isGreedy(sampling) ? 0 : sampling.temperature,
    })),
  )
}

/** The uniform struct of one step. */
export function sampleUniform(
  { vocabSize, width, columns, lanes }: LogitLayout,
  { rows, step, forced }: { rows: number; step: number; forced: boolean },
): Uint32Array {
  const last = columns[columns.length - 1]
  return SAMPLE_STEP.pack({
    rows,
    step,
    forced: Number(forced),
    V: vocabSize,
    width,
    last,
    half: lanes / 2,
  })
}

/** The kernel for rows that are all greedy, or for any rows. */
export function sampleKernel(lanes: number, greedy: boolean): KernelSpec {
  return {
    kernel: greedy ? 'sample-greedy' : 'sample',
    constants: { WORKGROUP: lanes },
  }
}

/** Chooses the next token of each of `rows` rows. `uniform` holds `sampleUniform`. */
export function encodeSample(
  { kernels, tuning }: ForwardContext,
  pass: ComputePass,
  { logits, tokens, ring, forced, samplings }: SampleBuffers,
  rows: number,
  uniform: Slice,
): void {
  const spec = sampleKernel(sampleLanes(tuning), samplings === null)
  // Where nothing is forced, any read-only buffer may stand in.
  const bindings = [logits, tokens, ring, forced ?? logits, uniform]
  kernels.dispatch(pass, spec, samplings === null ? bindings : [...bindings, samplings], [rows])
}
