/**
 * A software Vulkan driver for testing shaders where the machine has none: SwiftShader and a Vulkan loader, taken from the npm
 * package `@sparticuz/chromium` and unpacked once below node_modules/.cache.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { hasLoader, installedManifests } from '../../src/device/vulkan.js'
import { untar } from './untar.js'

const PACKAGE = '@sparticuz/chromium'
const FILES = {
  /** Found by the loader through VK_DRIVER_FILES; names the driver relative to its own folder. */
  icd: 'vk_swiftshader_icd.json',
  driver: 'libvk_swiftshader.so',
  loader: 'libvulkan.so.1',
}
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/swiftshader', import.meta.url))

/** Keeps a library mapped after the dlopen that brought it in has failed or been closed (dlfcn.h). */
const RTLD_NODELETE = 0x1000

export interface DriverPackage {
  /** Folder of the installed package. */
  folder: string
  version: string
}

export interface VulkanDriver {
  folder: string
  /** Absolute path of the ICD file, for VK_DRIVER_FILES. */
  icd: string
  /** Absolute path of the Vulkan loader that comes with it. */
  loader: string
}

/**
 * Has this process and its children see SwiftShader beside the machine's own drivers; false where there is no package for
 * this platform. Call it before Dawn is asked for anything.
 */
export async function useSwiftShader(): Promise<boolean> {
  const source = findDriverPackage()
  if (source === null) return false
  const { folder, icd, loader } = await unpackDriver(source)
  const manifests = installedManifests()
  if (manifests.includes(icd)) return true
  if (!hasLoader()) {
    preloadLoader(loader)
    // The linker of a child reads this when the child starts.
    process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
  }
  // The first name is read by loaders from 1.3.207 on, the second by older ones.
  process.env.VK_DRIVER_FILES = [...manifests, icd].join(':')
  process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES
  return true
}

/** The installed package, or null where there is none or it is not for this platform. */
export function findDriverPackage(): DriverPackage | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null
  let folder: string
  try {
    // package.json is not among the package's exports, so its folder is found upwards from the entry
    folder = dirname(createRequire(import.meta.url).resolve(PACKAGE))
  } catch {
    return null
  }
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (!existsSync(file)) continue
    const manifest: { name?: string; version?: string } = JSON.parse(readFileSync(file, 'utf8'))
    if (manifest.name === PACKAGE && manifest.version) return { folder, version: manifest.version }
  }
  return null
}

/**
 * Unpacks the driver into `<cache>/<version>/`, once: into a temporary folder that is renamed when complete, so that several
 * processes may do it at the same time and a killed one leaves nothing that looks whole.
 */
export async function unpackDriver(source: DriverPackage, cache = CACHE): Promise<VulkanDriver> {
  const folder = join(cache, source.version)
  const driver = { folder, icd: join(folder, FILES.icd), loader: join(folder, FILES.loader) }
  if (isWhole(folder)) return driver
  const files = await readArchive(join(source.folder, 'bin', 'swiftshader.tar.br'))
  await mkdir(cache, { recursive: true })
  const temporary = await mkdtemp(join(cache, `.${source.version}-`))
  try {
    for (const [name, bytes] of files) await writeFile(join(temporary, name), bytes, { mode: 0o755 })
    await publish(temporary, folder)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return driver
}

/**
 * Makes a loader answer to the name `libvulkan.so.1` in this process. Node refuses it as an addon, but with RTLD_NODELETE it
 * stays loaded, and a later dlopen by that name, as Dawn does, finds it.
 */
function preloadLoader(loader: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen
  try {
    process.dlopen({ exports: {} }, loader, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE)
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('did not self-register'))) throw error
  }
}

async function readArchive(path: string): Promise<Map<string, Uint8Array>> {
  const all = untar(await promisify(brotliDecompress)(await readFile(path)))
  return new Map(
    Object.values(FILES).map((name) => {
      const bytes = all.get(name)
      if (!bytes) throw new Error(`${path} has no ${name}`)
      return [name, bytes]
    }),
  )
}

/** Renames `temporary` to `folder`; a whole one made by another process meanwhile is as good. */
async function publish(temporary: string, folder: string): Promise<void> {
  try {
    await rename(temporary, folder)
  } catch (error) {
    if (isWhole(folder)) return
    if (!existsSync(folder)) throw error
    await rm(folder, { recursive: true, force: true }) // an older, damaged copy
    await rename(temporary, folder)
  }
}

function isWhole(folder: string): boolean {
  return Object.values(FILES).every((name) => existsSync(join(folder, name)))
}
