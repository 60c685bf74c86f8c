/** Opens the device that `--device` names: a hardware GPU where there is one, else the processor; software drivers by name. */
import type { ComputeDevice } from '../engine/compute/device.js'
import { EXIT, Failure } from '../errors.js'
import {
  type AdapterKind,
  type AdapterReport,
  adapterKind,
  LIMITS,
  type LimitName,
  reportAdapter,
} from './adapter-report.js'
import { adapterNames, type DriverSource, type HeldAdapter, requestAdapter } from './dawn.js'
import { DeviceHealth } from './device-health.js'
import { openCpu } from './open-cpu.js'

export interface AdapterListing {
  name: string
  kind: AdapterKind
  source: DriverSource
}

export type DeviceEvent =
  | { type: 'trying'; source: DriverSource }
  | { type: 'opened'; adapter: AdapterReport }

export interface OpenDeviceOptions {
  /** `auto`, `cpu`, `gpu`, `software`, or a part of an adapter's name such as `llvmpipe`; case does not matter. */
  device?: string
  /** Of the processor's device; as many as there are cores to use when undefined. */
  threads?: number
  onEvent?: (event: DeviceEvent) => void
}

export interface OpenDevice {
  device: ComputeDevice
  adapter: AdapterReport
  /** Resolves when the device is lost or has failed; never after `close`. */
  lost: Promise<Failure>
  health: Pick<DeviceHealth, 'guard'>
  /** Destroys the device; the process can then end by itself. */
  close: () => void
}

/** Where the reasons and remedies are; the doctor itself replaces it by its advice. */
export const ASK_DOCTOR = 'asp doctor'

const SOURCES: DriverSource[] = ['system', 'bundled']

/** Every adapter Dawn accepts here, those of the machine's own drivers first. */
export async function listAdapters(): Promise<AdapterListing[]> {
  const listings: AdapterListing[] = []
  for (const source of SOURCES) {
    for (const name of await adapterNames(source)) listings.push({ name, kind: adapterKind(name), source })
  }
  return listings
}

/**
 * Opens a device on the adapter that `device` selects.
 * @throws {Failure} exit 1 when nothing on this machine works, 2 when there are adapters but none is what was asked for
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<OpenDevice> {
  const { device = 'auto', threads, onEvent } = options
  const selector = SAME.get(device.toLowerCase()) ?? device
  if (selector !== 'cpu') {
    const open = await openGpu(selector === 'auto' ? 'hardware' : selector, onEvent)
    if (open !== undefined) return open
    if (selector !== 'auto') throw await noAdapter(selector)
  }
  const open = await openCpu({ threads })
  onEvent?.({ type: 'opened', adapter: open.adapter })
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
export async function openGpu(
  selector: string,
  onEvent?: OpenDeviceOptions['onEvent'],
): Promise<OpenGpu | undefined> {
  for (const source of SOURCES) {
    onEvent?.({ type: 'trying', source })
    const held = await selectAdapter(source, selector)
    if (held) return openOn(held, source, onEvent)
  }
  return undefined
}

/** The result of `work`, or the device's Failure when that comes first. */
export function guard<T>(open: OpenDevice, work: Promise<T>): Promise<T> {
  return open.health.guard(work)
}

async function selectAdapter(source: DriverSource, selector: string): Promise<HeldAdapter | undefined> {
  // Unnamed first: listing names makes Dawn look at every driver twice
  if (selector === 'hardware' || selector === 'software') {
    if (selector === 'hardware' && source === 'bundled') return undefined
    const first = await requestAdapter(source)
    if (!first || matches(selector, reportAdapter(first.adapter, source).kind)) return first
    first.release()
  }
  for (const name of await adapterNames(source)) {
    if (matches(selector, adapterKind(name), name)) return requestAdapter(source, name)
  }
  return undefined
}

/** Whether an adapter is what `--device` asks for. */
export function matches(selector: string, kind: AdapterKind, name = ''): boolean {
  if (selector === 'hardware') return kind === 'hardware'
  if (selector === 'software') return kind !== 'hardware' && kind !== 'cpu'
  return name.toLowerCase().includes(selector.toLowerCase()) || kind === selector.toLowerCase()
}

async function openOn(
  { adapter, release }: HeldAdapter,
  source: DriverSource,
  onEvent: OpenDeviceOptions['onEvent'],
): Promise<OpenGpu> {
  const report = reportAdapter(adapter, source)
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
        hint: ASK_DOCTOR,
        exit: EXIT.failed,
        cause,
      },
    )
  }
  const health = new DeviceHealth(device)
  onEvent?.({ type: 'opened', adapter: report })
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

async function noAdapter(selector: string): Promise<Failure> {
  const listings = await listAdapters()
  if (listings.length === 0) {
    return new Failure(`--device: no WebGPU adapter works on this machine, got ${selector}`, {
      hint: '--device cpu, or see `asp doctor`',
      exit: EXIT.failed,
    })
  }
  const names = listings.map(({ name }) => name).join(', ')
  return new Failure(`--device: no such adapter, got ${selector}`, {
    hint: `--device auto; there are: cpu, ${names}`,
  })
}
