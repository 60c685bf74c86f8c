/** What this machine has for GPUs, found without Dawn: loading Dawn takes a quarter of a second and makes it print warnings. */
import { existsSync, readdirSync } from 'node:fs'
import { constants, homedir } from 'node:os'
import { join } from 'node:path'

/** Device files of GPUs on Linux; /dev/dri is looked through for more. */
const NODES = [
  '/dev/nvidiactl',
  '/dev/kfd',
  '/dev/dxg',
  '/dev/nvhost-ctrl-gpu',
  '/dev/mali0',
  '/dev/kgsl-3d0',
]

/** Device files of GPUs such as /dev/nvidiactl or /dev/dri/renderD128; a virtual or display-only adapter has one too. */
export function gpuNodes(): string[] {
  if (process.platform !== 'linux') return []
  const dri = existsSync('/dev/dri')
    ? readdirSync('/dev/dri').filter((name) => name.startsWith('renderD'))
    : []
  return NODES.filter((path) => existsSync(path)).concat(dri.map((name) => `/dev/dri/${name}`))
}

/** Whether a Vulkan loader and a driver are installed; elsewhere than on Linux Dawn needs neither. */
export function hasVulkan(): boolean {
  return process.platform !== 'linux' || (hasLoader() && installedManifests().length > 0)
}

/** Whether it is worth asking Dawn for a hardware GPU. */
export function mayHaveGpu(): boolean {
  return process.platform !== 'linux' || (gpuNodes().length > 0 && hasVulkan())
}

export function hasLoader(): boolean {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1', constants.dlopen.RTLD_LAZY)
    return true
  } catch (error) {
    // The linker took it, and Node found it to be no addon.
    return error instanceof Error && error.message.includes('did not self-register')
  }
}

/** Vulkan driver manifests (ICD files) that the loader would read. */
export function installedManifests(env: NodeJS.ProcessEnv = process.env): string[] {
  if (process.platform !== 'linux') return []
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
