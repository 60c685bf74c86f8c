/** Dawn, WebGPU's implementation in the npm package `webgpu`: which adapters it sees through this machine's drivers. */
import { createRequire } from 'node:module'
import { withoutNativeWarnings } from './native-warnings.js'
import { hasVulkan } from './vulkan.js'

/** A GPU object must outlive its devices, and must not outlive the program: on globalThis Node would never exit. */
const held = new Set<GPU>()

/** A name that no adapter has; asking for it makes Dawn list the ones there are. */
const NO_SUCH_ADAPTER = '\u0001'

/** Version of the `webgpu` package; its builds of Dawn carry no version of their own. */
export function dawnVersion(): string {
  return createRequire(import.meta.url)('webgpu/package.json').version
}

/** Names of the adapters that Dawn accepts, in its order; empty when there are none. */
export async function adapterNames(): Promise<string[]> {
  try {
    await request(NO_SUCH_ADAPTER)
    return []
  } catch (error) {
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
 * An adapter by (part of) its name, else Dawn's first: discrete hardware, integrated, software.
 * Undefined when there is none. Each call looks at the drivers again.
 */
export async function requestAdapter(name?: string): Promise<HeldAdapter | undefined> {
  const { gpu, adapter } = await request(name)
  if (!gpu || !adapter) return undefined
  held.add(gpu)
  return { adapter, release: () => held.delete(gpu) }
}

async function request(name?: string): Promise<{ gpu?: GPU; adapter?: GPUAdapter | null }> {
  if (!hasVulkan()) return {}
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  // Without it Dawn hides its experimental features, such as matrix units; nothing else depends on it
  const options = ['enable-dawn-features=allow_unsafe_apis']
  if (name !== undefined) options.push(`adapter=${name}`)
  if (process.platform === 'linux') options.push('backend=vulkan')
  const gpu = create(options)
  // Dawn has looked at the drivers when the call returns, and warned of limits that it reduces.
  const found = withoutNativeWarnings(() => gpu.requestAdapter({ powerPreference: 'high-performance' }))
  return { gpu, adapter: await found }
}
