/** Everything `asp doctor` knows: the adapter in use and its self-test, the machine, and advice. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, freemem, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { EXIT, Failure } from '../errors.js'
import type { AdapterReport } from './adapter-report.js'
import { advise, type MachineFacts } from './advice.js'
import { dawnVersion, installedManifests } from './dawn.js'
import { type AdapterListing, ASK_DOCTOR, listAdapters, type OpenGpu, openDevice } from './open.js'
import { type SelfTest, selfTest } from './self-test.js'
import { cacheFolder, findDriverPackage, hasSystemLoader } from './vulkan-driver.js'

export interface Diagnosis {
  works: boolean
  adapter?: AdapterReport
  selfTest?: SelfTest
  /** Why asp cannot compute here, and the remedy; absent when it works. */
  problem?: { message: string; hint?: string; exit: number }
  /** Every adapter Dawn accepts, the one in use among them. */
  adapters: AdapterListing[]
  bundledDriver: { version?: string; folder?: string; missing?: string }
  system: { vulkanLoader: boolean; manifests: string[]; gpuNodes: string[] }
  host: {
    cpu: string
    cores: number
    /** Bytes. */
    totalMemory: number
    freeMemory: number
    os: string
    node: string
    dawn: string
  }
  advice: string[]
}

/** Opens the device that `--device` selects, tests it and looks around; a machine that fails is a result too. */
export async function diagnose(selector: string): Promise<Diagnosis> {
  const attempt = await tryDevice(selector)
  const driver = findDriverPackage()
  const adapters = await listAdapters().catch((error) => {
    if (!(error instanceof Failure)) throw error
    return [] // the bundled driver cannot be unpacked: the attempt has said why, or did not need it
  })
  const system = {
    vulkanLoader: hasSystemLoader(),
    manifests: process.platform === 'linux' ? installedManifests() : [],
    gpuNodes: gpuNodes(),
  }
  const facts: MachineFacts = {
    platform: process.platform,
    distribution: distribution(),
    inUse: attempt.adapter?.kind,
    available: adapters.map(({ kind }) => kind),
    systemLoader: system.vulkanLoader,
    manifests: system.manifests,
    gpuNodes: system.gpuNodes,
    bundledMissing: 'missing' in driver ? driver.missing : undefined,
    freeMemory: freemem(),
  }
  const advice = advise(facts)
  const { problem } = attempt
  if (problem?.hint === ASK_DOCTOR) problem.hint = advice[0]
  return {
    works: problem === undefined,
    ...attempt,
    adapters,
    bundledDriver:
      'missing' in driver
        ? driver
        : { version: driver.version, folder: join(cacheFolder(), 'vulkan', driver.version) },
    system,
    host: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      totalMemory: totalmem(),
      freeMemory: facts.freeMemory,
      os: `${process.platform} ${release()} ${arch()}`,
      node: process.version,
      dawn: dawnVersion(),
    },
    advice,
  }
}

async function tryDevice(selector: string): Promise<Pick<Diagnosis, 'adapter' | 'selfTest' | 'problem'>> {
  let adapter: AdapterReport | undefined
  try {
    const opened = await openDevice({ device: selector })
    adapter = opened.adapter
    try {
      if (!('gpu' in opened)) return { adapter }
      const test = await selfTest(opened as OpenGpu)
      if (!test.wrong) return { adapter, selfTest: test }
      const { index, expected, got } = test.wrong
      const message = `self-test on ${adapter.name}: expected ${expected} at ${index}, got ${got}`
      const hint = 'the driver computes wrong numbers: another --device, or update the driver'
      return { adapter, selfTest: test, problem: { message, hint, exit: EXIT.failed } }
    } finally {
      opened.close()
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { adapter, problem: { message: error.message, hint: error.hint, exit: error.exit } }
  }
}

/** Device nodes of GPUs; a render node of a display-only or virtual adapter counts too. */
function gpuNodes(): string[] {
  if (process.platform !== 'linux') return []
  const dri = existsSync('/dev/dri')
    ? readdirSync('/dev/dri').filter((name) => name.startsWith('renderD'))
    : []
  return ['/dev/nvidiactl', '/dev/kfd']
    .filter((path) => existsSync(path))
    .concat(dri.map((name) => `/dev/dri/${name}`))
}

function distribution(): MachineFacts['distribution'] {
  const file = '/etc/os-release'
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const field = (name: string) => text.match(new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm'))?.[1] ?? ''
  return { id: field('ID'), version: field('VERSION_ID') }
}
