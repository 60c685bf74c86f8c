/** The ceiling that speeds are compared with: the fastest multiply-adds a shader gets from an adapter. */

import type { AdapterTraits } from '../tuning.js'
import type { ComputeDevice, KernelSpec } from './device.js'
import { kernelsOf } from './kernel.js'
import { Memory } from './memory.js'

/** Chains of multiply-adds a lane, and steps of each, a round of fma-peak.wgsl; two operations each, on vec4s' elements. */
const OPERATIONS = 2 * 12 * 4

/** Something to be timed: floating-point operations, and how to have them done. */
export interface PeakWork {
  flops: number
  run(): Promise<void>
  free(): void
}

/** Multiply-adds in registers, no memory. */
export async function peakWork(device: ComputeDevice, { kind }: AdapterTraits): Promise<PeakWork> {
  const memory = new Memory(device)
  const kernels = kernelsOf(device)
  // Enough workgroups to fill the adapter, enough rounds to make the rest invisible.
  const [WORKGROUP, groups, ROUNDS] = kind === 'hardware' ? [256, 4096, 4096] : [64, 64, 4096]
  const spec: KernelSpec = { kernel: 'fma-peak', constants: { ROUNDS, WORKGROUP } }
  await kernels.prepare([spec])
  const out = memory.storage('activations', 'out', groups * WORKGROUP * 16)
  const factors = memory.uniform('factors', 16)
  memory.write(factors, Float32Array.of(0.999, 0.001, 0, 0))
  return {
    flops: OPERATIONS * ROUNDS * WORKGROUP * groups,
    async run() {
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      kernels.dispatch(pass, spec, [out, factors], [groups])
      pass.end()
      device.queue.submit([encoder.finish()])
      await device.queue.onSubmittedWorkDone()
    },
    free: () => memory.freeAll(),
  }
}

/** FLOP/s, the best of some runs: takes a fraction of a second. */
export async function measurePeak(device: ComputeDevice, adapter: AdapterTraits, runs = 4): Promise<number> {
  const work = await peakWork(device, adapter)
  try {
    // Drivers compile on first use.
    await work.run()
    let best = 0
    for (let i = 0; i < runs; i++) {
      const began = performance.now()
      await work.run()
      best = Math.max(best, (1000 * work.flops) / (performance.now() - began))
    }
    return best
  } finally {
    work.free()
  }
}
