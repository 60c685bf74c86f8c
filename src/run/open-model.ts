/** A checkpoint -> the engine that runs it: loaded once, whatever is asked of it afterwards. */

import type { Checkpoint } from '../data/checkpoint.js'
import type { ComputeDevice } from '../engine/compute/device.js'
import { Engine } from '../engine/engine.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { DropRule } from '../engine/rules.js'
import type { AdapterTraits } from '../engine/tuning.js'
import { EXIT, Failure, isAbort } from '../errors.js'
import { compileProgress, loadProgress, type OnProgress } from './progress.js'

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

/**
 * @param kinds of the rules that will be run, the first one as the base of comparisons
 * @throws Failure (exit 130) at once where the signal comes while kernels are compiled, which no record is worth waiting for
 */
export async function openModel(
  { checkpoint, dtype }: { checkpoint: Checkpoint; dtype: WeightDtype },
  { device, lost, adapter, memoryLimit }: RunDevice,
  kinds: readonly [DropRule['kind'], ...DropRule['kind'][]],
  { onProgress, signal }: { onProgress?: OnProgress; signal?: AbortSignal } = {},
): Promise<OpenModel> {
  const began = performance.now()
  const options = { device, lost, adapter, dtype, memoryLimit, onLoad: loadProgress(onProgress) }
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, options)
  try {
    // Compiling is part of loading: it would otherwise pass for slow scoring.
    await engine.warmUp(kinds, { signal, onCompiled: compileProgress(onProgress) })
    const sha256 = await checkpoint.weightsSha256()
    return { engine, sha256, seconds: (performance.now() - began) / 1000, adapter, memoryLimit }
  } catch (error) {
    engine.close()
    if (!isAbort(error, signal)) throw error
    throw new Failure('interrupted: kernels were still being compiled, nothing new was measured', {
      exit: EXIT.interrupted,
    })
  }
}
