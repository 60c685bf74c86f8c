/** Opens the device that `--device` names: a hardware GPU where there is one, else the processor; software drivers by name. */
import type { ComputeDevice } from '../engine/compute/device.js'
import { EXIT, Failure } from '../errors.js'
import { type AdapterKind, adapterKind, LIMITS, type LimitName, reportAdapter } from './adapter-report.js'
import { adapterNames, type HeldAdapter, requestAdapter } from './dawn.js'
import { DeviceHealth } from './device-health.js'
import { openCpu } from './open-cpu.js'
import type { OpenDevice } from './open-device.js'
import { mayHaveGpu } from './vulkan.js'

export type { OpenDevice }

export interface AdapterListing {
  name: string
  kind: AdapterKind
}

export interface OpenDeviceOptions {
  /** `auto`, `cpu`, `gpu`, `software`, or a part of an adapter's name such as `llvmpipe`; case does not matter. */
  device?: string
  /** Of the processor's device; as many as there are cores to use when undefined. */
  threads?: number
}

/** Every adapter Dawn accepts here. */
export async function listAdapters(): Promise<AdapterListing[]> {
  return (await adapterNames()).map((name) => ({ name, kind: adapterKind(name) }))
}

/**
 * Opens the device that `device` selects.
 * @throws {Failure} exit 1 when the device does not work or there is no GPU, 2 when no adapter has that name
 */
export async function openDevice({ device = 'auto', threads }: OpenDeviceOptions = {}): Promise<OpenDevice> {
  const asked = device.toLowerCase()
  const selector = SAME.get(asked) ?? asked
  if (selector === 'cpu') return openCpu({ threads })
  if (selector === 'auto') {
    const hardware = mayHaveGpu() ? await openGpu('hardware') : undefined
    return hardware ?? openCpu({ threads })
  }
  const open = await openGpu(selector)
  if (open === undefined) throw await noAdapter(selector, device)
  return open
}

/** Other words for the same device. */
const SAME = new Map([['gpu', 'hardware']])

/** An open device of WebGPU's own, for whoever needs more of it than the engine does. */
export interface OpenGpu extends OpenDevice {
  gpu: GPUDevice
}

/**
 * A device on the adapter that `selector` names; undefined where there is none.
 * @throws {Failure} exit 1 when the adapter gives no device
 */
export async function openGpu(selector: string): Promise<OpenGpu | undefined> {
  const held = await selectAdapter(selector)
  return held && openOn(held)
}

/** The result of `work`, or the device's Failure when that comes first. */
export function guard<T>(open: OpenDevice, work: Promise<T>): Promise<T> {
  return open.health.guard(work)
}

async function selectAdapter(selector: string): Promise<HeldAdapter | undefined> {
  // Unnamed first: listing names makes Dawn look at every driver twice
  if (selector === 'hardware' || selector === 'software') {
    const first = await requestAdapter()
    if (!first || matches(selector, reportAdapter(first.adapter).kind)) return first
    first.release()
  }
  for (const name of await adapterNames()) {
    if (matches(selector, adapterKind(name), name)) return requestAdapter(name)
  }
  return undefined
}

/** Whether an adapter is what `--device` asks for. */
export function matches(selector: string, kind: AdapterKind, name = ''): boolean {
  if (selector === 'hardware') return kind === 'hardware'
  if (selector === 'software') return kind !== 'hardware' && kind !== 'cpu'
  return name.toLowerCase().includes(selector.toLowerCase()) || kind === selector.toLowerCase()
}

async function openOn({ adapter, release }: HeldAdapter): Promise<OpenGpu> {
  const report = reportAdapter(adapter)
  const requiredLimits = Object.fromEntries(
    (Object.keys(LIMITS) as LimitName[]).map((name) => [name, report.limits[name]]),
  )
  let device: GPUDevice
  try {
    // The types know none of Dawn's own features
    const requiredFeatures = report.features as unknown as GPUFeatureName[]
    device = await adapter.requestDevice({ label: 'asp', requiredLimits, requiredFeatures })
  } catch (cause) {
    release()
    throw new Failure(
      `adapter ${report.name}: gives no device, ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: '--device cpu, or see `asp doctor`',
        exit: EXIT.failed,
        cause,
      },
    )
  }
  const health = new DeviceHealth(device)
  return {
    // WebGPU's own types are branded, so that the compiler sees no likeness.
    device: device as unknown as ComputeDevice,
    gpu: device,
    adapter: report,
    lost: health.lost,
    health,
    close: () => {
      health.close()
      device.destroy()
      release()
    },
  }
}

async function noAdapter(selector: string, device: string): Promise<Failure> {
  const names = ['cpu', ...(await listAdapters()).map(({ name }) => name)].join(', ')
  if (selector === 'hardware' || selector === 'software') {
    return new Failure(
      `--device: no ${selector === 'hardware' ? 'GPU' : 'software driver'} works here, got ${device}`,
      {
        hint: `--device auto; there are: ${names}; see \`asp doctor\``,
        exit: EXIT.failed,
      },
    )
  }
  return new Failure(`--device: no such adapter, got ${device}`, {
    hint: `--device auto; there are: ${names}`,
  })
}
