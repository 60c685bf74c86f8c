/**
 * Dawn, WebGPU's implementation in the npm package `webgpu`: which adapters it sees through which Vulkan drivers.
 * One process can look at several sets of drivers, because each GPU object makes its own Vulkan instance and the
 * loader reads its environment while that happens.
 */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../errors.js'
import { findDriverPackage, hasSystemLoader, preloadLoader, unpackDriver } from './vulkan-driver.js'

/** Where adapters come from: the machine's own drivers, or the driver that npm installed with asp. */
export type DriverSource = 'system' | 'bundled'

/** A GPU object must outlive its devices, and must not outlive the program: on globalThis Node would never exit. */
const held = new Set<GPU>()

/** A name that no adapter has; asking for it makes Dawn list the ones there are. */
const NO_SUCH_ADAPTER = '\u0001'

/** Version of the `webgpu` package; its builds of Dawn carry no version of their own. */
export function dawnVersion(): string {
  return createRequire(import.meta.url)('webgpu/package.json').version
}

/**
 * Names of the adapters that Dawn accepts from a source, in Dawn's order; empty when there are none.
 * @throws {Failure} exit 1 when the bundled driver cannot be unpacked
 */
export async function adapterNames(source: DriverSource): Promise<string[]> {
  try {
    await request(source, NO_SUCH_ADAPTER)
    return []
  } catch (error) {
    if (error instanceof Failure) throw error
    const message = error instanceof Error ? error.message : String(error)
    return [...message.matchAll(/^ \* backend: '[^']*', name: '(.*)'$/gm)].map((match) => match[1])
  }
}

export interface HeldAdapter {
  adapter: GPUAdapter
  /** Lets go of the GPU object behind the adapter; call it after the adapter's device is destroyed. */
  release: () => void
}

/**
 * An adapter of a source by (part of) its name, else Dawn's first: discrete hardware, integrated, software.
 * Undefined when there is none. Drivers may make Dawn write warnings to standard error here; each call repeats them.
 */
export async function requestAdapter(source: DriverSource, name?: string): Promise<HeldAdapter | undefined> {
  const { gpu, adapter } = await request(source, name)
  if (!gpu || !adapter) return undefined
  held.add(gpu)
  return { adapter, release: () => held.delete(gpu) }
}

/** Vulkan driver manifests installed on this machine; none means there is no use in asking the system's loader. */
export function installedManifests(env: NodeJS.ProcessEnv = process.env): string[] {
  const paths = (list = '') => list.split(':').filter((path) => path && existsSync(path))
  const only = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES
  if (only) return paths(only)
  const data = (env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':')
  const roots = ['/usr/local/etc', '/etc', env.XDG_DATA_HOME || join(homedir(), '.local/share'), ...data]
  const found = roots.flatMap((root) => {
    const folder = join(root, 'vulkan', 'icd.d')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name))
  })
  return [...paths(env.VK_ADD_DRIVER_FILES), ...found]
}

async function request(
  source: DriverSource,
  name?: string,
): Promise<{ gpu?: GPU; adapter?: GPUAdapter | null }> {
  const environment = source === 'bundled' ? await bundledEnvironment() : systemEnvironment()
  if (!environment) return {}
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  // Without it Dawn hides its experimental features, such as matrix units; nothing else depends on it
  const options = ['enable-dawn-features=allow_unsafe_apis']
  if (name !== undefined) options.push(`adapter=${name}`)
  if (process.platform === 'linux') options.push('backend=vulkan')
  const gpu = create(options)
  // The Vulkan instance is made inside this call, before its promise exists
  const pending = withEnvironment(environment, () =>
    gpu.requestAdapter({ powerPreference: 'high-performance' }),
  )
  return { gpu, adapter: await pending }
}

/** Variables to set while Dawn makes its Vulkan instance, or undefined when it would find nothing. */
function systemEnvironment(): Record<string, string> | undefined {
  if (process.platform !== 'linux') return {}
  return hasSystemLoader() && installedManifests().length > 0 ? {} : undefined
}

async function bundledEnvironment(): Promise<Record<string, string> | undefined> {
  const source = findDriverPackage()
  if ('missing' in source) return undefined
  const driver = await unpackDriver(source)
  if (!hasSystemLoader()) preloadLoader(driver)
  // The first name is read by loaders from 1.3.207 on, the second by older ones
  return { VK_DRIVER_FILES: driver.icd, VK_ICD_FILENAMES: driver.icd }
}

function withEnvironment<T>(variables: Record<string, string>, work: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    return work()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
