/** Everything `asp doctor` knows: the device in use, its self-test and speed, the machine, and advice. */
import { existsSync, readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, freemem, release, totalmem } from 'node:os'
import { checkMatmul, measureSpeed, type Speed } from '../engine/cpu/probe.js'
import { EXIT, Failure } from '../errors.js'
import type { AdapterReport } from './adapter-report.js'
import { advise, type MachineFacts } from './advice.js'
import { usableCores } from './cores.js'
import { dawnVersion } from './dawn.js'
import { type AdapterListing, listAdapters, type OpenDevice, type OpenGpu, openDevice } from './open.js'
import { type SelfTest, selfTest } from './self-test.js'
import { gpuNodes, hasLoader, installedManifests } from './vulkan.js'

export interface Diagnosis {
  works: boolean
  adapter?: AdapterReport
  selfTest?: SelfTest
  /** Of the processor; a GPU's would take as long as compiling its kernels. */
  speed?: Speed
  /** Why asp cannot compute here, and the remedy; absent when it works. */
  problem?: { message: string; hint?: string; exit: number }
  /** Every adapter Dawn accepts. */
  adapters: AdapterListing[]
  system: { vulkanLoader: boolean; manifests: string[]; gpuNodes: string[] }
  host: {
    cpu: string
    /** Cores there are, and those that this process may keep busy. */
    cores: number
    usableCores: number
    /** Bytes. */
    totalMemory: number
    freeMemory: number
    os: string
    node: string
    v8: string
    dawn: string
  }
  advice: string[]
}

export interface DiagnoseOptions {
  device: string
  threads?: number
}

/** Opens the device that `--device` selects, tests it and looks around; a machine that fails is a result too. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const attempt = await tryDevice(options)
  const adapters = await listAdapters()
  const system = { vulkanLoader: hasLoader(), manifests: installedManifests(), gpuNodes: gpuNodes() }
  const host = describeHost()
  const facts: MachineFacts = {
    distribution: distribution(),
    inUse: attempt.adapter?.kind,
    available: adapters.map(({ kind }) => kind),
    gpuNodes: system.gpuNodes,
    node: process.versions.node,
    fused: attempt.adapter?.cpu?.fused ?? false,
    freeMemory: host.freeMemory,
  }
  return { works: attempt.problem === undefined, ...attempt, adapters, system, host, advice: advise(facts) }
}

type Attempt = Pick<Diagnosis, 'adapter' | 'selfTest' | 'speed' | 'problem'>

async function tryDevice(options: DiagnoseOptions): Promise<Attempt> {
  const attempt: Attempt = {}
  try {
    const opened = await openDevice(options)
    attempt.adapter = opened.adapter
    try {
      attempt.selfTest = await testDevice(opened)
      const { wrong } = attempt.selfTest
      if (wrong) attempt.problem = wrongNumbers(opened.adapter, wrong)
      else if (opened.adapter.kind === 'cpu') {
        attempt.speed = await measureSpeed(opened.device, opened.adapter)
      }
    } finally {
      opened.close()
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    attempt.problem = { message: error.message, hint: error.hint, exit: error.exit }
  }
  return attempt
}

async function testDevice(opened: OpenDevice): Promise<SelfTest> {
  if (opened.adapter.kind !== 'cpu') return selfTest(opened as OpenGpu)
  const start = performance.now()
  const wrong = (await checkMatmul(opened.device, opened.adapter)) ?? undefined
  return { ok: wrong === undefined, milliseconds: performance.now() - start, wrong }
}

function wrongNumbers(
  { name, kind }: AdapterReport,
  { index, expected, got }: NonNullable<SelfTest['wrong']>,
): Diagnosis['problem'] {
  return {
    message: `self-test on ${name}: expected ${expected} at ${index}, got ${got}`,
    hint:
      kind === 'cpu'
        ? 'this is a bug in asp or Node; please report it with the output of asp doctor --json'
        : 'the driver computes wrong numbers: --device cpu, or update the driver',
    exit: EXIT.failed,
  }
}

function describeHost(): Diagnosis['host'] {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: Math.max(cpus().length, availableParallelism()),
    usableCores: usableCores(),
    totalMemory: totalmem(),
    freeMemory: freemem(),
    os: `${process.platform} ${release()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    dawn: dawnVersion(),
  }
}

function distribution(): MachineFacts['distribution'] {
  const file = '/etc/os-release'
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const field = (name: string) => text.match(new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm'))?.[1] ?? ''
  return { id: field('ID'), version: field('VERSION_ID') }
}
