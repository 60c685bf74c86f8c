/**
 * The bundled software Vulkan driver: SwiftShader and a Vulkan loader, taken from the npm package
 * `@sparticuz/chromium` (an optional dependency) and unpacked once into the user's cache.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { constants, homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { EXIT, Failure } from '../errors.js'
import { untar } from './untar.js'

const PACKAGE = '@sparticuz/chromium'
const FILES = {
  /** Found by the loader through VK_DRIVER_FILES; names the driver relative to its own folder. */
  icd: 'vk_swiftshader_icd.json',
  driver: 'libvk_swiftshader.so',
  loader: 'libvulkan.so.1',
}
/** Keeps a library mapped after the dlopen that brought it in has failed or been closed (dlfcn.h). */
const RTLD_NODELETE = 0x1000

export interface DriverPackage {
  /** Folder of the installed package. */
  folder: string
  version: string
}

export interface VulkanDriver {
  version: string
  folder: string
  /** Absolute path of the ICD file, for VK_DRIVER_FILES. */
  icd: string
  /** Absolute path of the Vulkan loader that comes with it. */
  loader: string
}

/** `$ASP_CACHE`, else `$XDG_CACHE_HOME/asp`, else `~/.cache/asp`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.ASP_CACHE) return env.ASP_CACHE
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'asp')
}

/** The installed driver package, or why the bundled driver cannot be used here. */
export function findDriverPackage(): DriverPackage | { missing: string } {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { missing: `the bundled driver is for linux-x64, this is ${process.platform}-${process.arch}` }
  }
  let folder: string
  try {
    // package.json is not among the package's exports, so its folder is found upwards from the entry
    folder = dirname(createRequire(import.meta.url).resolve(PACKAGE))
  } catch {
    return { missing: `the optional package ${PACKAGE} is not installed` }
  }
  while (folder !== dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) {
      const manifest: { name?: string; version?: string } = JSON.parse(readFileSync(file, 'utf8'))
      if (manifest.name === PACKAGE && manifest.version) return { folder, version: manifest.version }
    }
    folder = dirname(folder)
  }
  return { missing: `the optional package ${PACKAGE} has no package.json` }
}

/**
 * Unpacks the driver into `<cache>/vulkan/<version>/`, once: into a temporary folder that is renamed when complete,
 * so several processes may do it at the same time and a killed one leaves nothing that looks whole.
 * @throws {Failure} exit 1 when the archive is unreadable or the cache is not writable
 */
export async function unpackDriver(source: DriverPackage, cache = cacheFolder()): Promise<VulkanDriver> {
  const parent = join(cache, 'vulkan')
  const folder = join(parent, source.version)
  const driver: VulkanDriver = {
    version: source.version,
    folder,
    icd: join(folder, FILES.icd),
    loader: join(folder, FILES.loader),
  }
  if (isWhole(folder)) return driver

  const files = await readArchive(join(source.folder, 'bin', 'swiftshader.tar.br'))
  let temporary: string | undefined
  try {
    await mkdir(parent, { recursive: true })
    temporary = await mkdtemp(join(parent, `.${source.version}-`))
    for (const [name, bytes] of files) await writeFile(join(temporary, name), bytes, { mode: 0o755 })
    await publish(temporary, folder)
  } catch (cause) {
    throw new Failure(`driver cache ${parent}: cannot be written, ${reason(cause)}`, {
      hint: 'set ASP_CACHE to a folder you can write to',
      exit: EXIT.failed,
      cause,
    })
  } finally {
    if (temporary) await rm(temporary, { recursive: true, force: true })
  }
  return driver
}

/**
 * Makes the bundled loader answer to the name `libvulkan.so.1` in this process.
 * Node refuses it as an addon ("did not self-register"), but with RTLD_NODELETE it stays loaded, and a later
 * dlopen by that name, as Dawn does, finds it.
 */
export function preloadLoader(driver: VulkanDriver): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen
  const failure = dlopenFailure(driver.loader, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE)
  if (failure) {
    throw new Failure(`bundled Vulkan loader ${driver.loader}: cannot be loaded, ${failure}`, {
      hint: `remove ${driver.folder} and try again, or install a Vulkan driver`,
      exit: EXIT.failed,
    })
  }
}

/** Asked once: after `preloadLoader` the linker would find the bundled one by the same name. */
let systemLoader: boolean | undefined

/** Whether the machine has a Vulkan loader of its own; asking Dawn instead makes it print warnings. */
export function hasSystemLoader(): boolean {
  systemLoader ??= dlopenFailure(FILES.loader, constants.dlopen.RTLD_LAZY) === undefined
  return systemLoader
}

/** dlopen of a library that is no Node addon: undefined when the linker took it, else the linker's message. */
function dlopenFailure(library: string, flags: number): string | undefined {
  try {
    process.dlopen({ exports: {} }, library, flags)
  } catch (error) {
    const message = reason(error)
    if (!message.includes('did not self-register')) return message
  }
  return undefined
}

async function readArchive(path: string): Promise<Map<string, Uint8Array>> {
  try {
    const all = untar(await promisify(brotliDecompress)(await readFile(path)))
    return new Map(
      Object.values(FILES).map((name) => {
        const bytes = all.get(name)
        if (!bytes) throw new Error(`it has no ${name}`)
        return [name, bytes]
      }),
    )
  } catch (cause) {
    throw new Failure(`driver archive ${path}: cannot be read, ${reason(cause)}`, {
      hint: `reinstall it: npm install --force`,
      exit: EXIT.failed,
      cause,
    })
  }
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

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0]
}
