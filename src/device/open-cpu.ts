/** Opens the processor as a device. */
import { arch, cpus } from 'node:os'
import { CpuDevice } from '../engine/cpu/device.js'
import type { Build } from '../engine/cpu/module.js'
import type { Failure } from '../errors.js'
import type { AdapterReport } from './adapter-report.js'
import { usableCores } from './cores.js'
import type { OpenDevice } from './open-device.js'

export interface OpenCpu extends OpenDevice {
  device: CpuDevice
}

export interface CpuOptions {
  /** Threads; as many as there are cores to use when undefined. */
  threads?: number
  /** Which build of the kernels; the best one when undefined. */
  build?: Build
}

/** @throws {Failure} exit 1 when the runtime lacks what the kernels need, or a thread does not start */
export async function openCpu({ threads = usableCores(), build }: CpuOptions = {}): Promise<OpenCpu> {
  let fail: (failure: Failure) => void = () => {}
  const lost = new Promise<Failure>((resolve) => {
    fail = resolve
  })
  const device = await CpuDevice.open({ threads, build, onLost: (failure) => fail(failure) })
  return {
    device,
    adapter: report(device),
    lost,
    health: { guard: (work) => work },
    close: () => device.close(),
  }
}

function report({ limits, build, threads, fused }: CpuDevice): AdapterReport {
  return {
    name: cpus()[0]?.model.trim() || 'unknown processor',
    vendor: '',
    architecture: arch(),
    driver: `${build}${fused ? ' fused' : ''} build; ${threads} ${threads === 1 ? 'thread' : 'threads'}; V8 ${process.versions.v8}`,
    backend: 'wasm',
    kind: 'cpu',
    bundled: true,
    isFallback: false,
    limits: { ...limits },
    features: build === 'relaxed' ? ['simd128', 'relaxed-simd'] : ['simd128'],
    subgroupMinSize: 0,
    subgroupMaxSize: 0,
    cpu: { build, threads, fused },
  }
}
