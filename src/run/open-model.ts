/** A checkpoint -> the engine that runs it: loaded once, whatever is asked of it afterwards. */

import type { Checkpoint } from '../data/checkpoint.js'
import type { ComputeDevice } from '../engine/compute/device.js'
import { Engine } from '../engine/engine.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { DropRule } from '../engine/rules.js'
import type { AdapterTraits } from '../engine/tuning.js'
import type { Failure } from '../errors.js'

/** The open device, as far as a run is concerned. */
export interface RunDevice {
  device: ComputeDevice
  lost: Promise<Failure>
  adapter: AdapterTraits
  /** Bytes that buffers may take in all; unlimited when undefined. */
  memoryLimit?: number
}

export interface OpenModel extends Pick<RunDevice, 'adapter' | 'memoryLimit'> {
  engine: Engine
  /** Of the weights. */
  sha256: string
  /** What loading took. */
  seconds: number
}

/** @param kinds of the rules that will be run, the first one as the base of comparisons */
export async function openModel(
  { checkpoint, dtype }: { checkpoint: Checkpoint; dtype: WeightDtype },
  { device, lost, adapter, memoryLimit }: RunDevice,
  kinds: readonly [DropRule['kind'], ...DropRule['kind'][]],
  onLoad?: (done: number, total: number) => void,
): Promise<OpenModel> {
  const began = performance.now()
  const options = { device, lost, adapter, dtype, memoryLimit, onLoad }
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, options)
  try {
    // Compiling is part of loading: it would otherwise pass for slow scoring.
    await engine.warmUp(...kinds)
    const sha256 = await checkpoint.weightsSha256()
    return { engine, sha256, seconds: (performance.now() - began) / 1000, adapter, memoryLimit }
  } catch (error) {
    engine.close()
    throw error
  }
}
