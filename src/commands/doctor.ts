/** `asp doctor`: what asp would compute on, whether it works, how fast it is, and what would make it faster. */
import { AspCommand, together } from '../cli/base-command.js'
import { deviceFlags } from '../cli/flags.js'
import { describeError } from '../cli/report-error.js'
import { type AdapterReport, FEATURES, LIMITS, type LimitName } from '../device/adapter-report.js'
import { type Diagnosis, diagnose } from '../device/diagnose.js'
import { Failure } from '../errors.js'
import { type Note, renderNotes } from '../report/sheet.js'

export default class Doctor extends AspCommand {
  static override summary = 'Show what asp computes on, test it, and say what would make it faster'
  static override examples = together([
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --device cpu --json',
  ])
  static override flags = deviceFlags

  async run(): Promise<Diagnosis> {
    const { flags } = await this.parse(Doctor)
    const threads = this.chooseThreads(flags.threads)
    const diagnosis = await diagnose({ device: flags.device, threads })
    this.log(format(diagnosis))
    const { problem } = diagnosis
    if (problem) {
      // Not thrown, and not by oclif's log: under --json both this line and the diagnosis have to be printed
      process.exitCode = problem.exit
      process.stderr.write(`${describeError(new Failure(problem.message, problem)).line}\n`)
    }
    return diagnosis
  }
}

/** The diagnosis as lines of `subject  value`. */
function format(diagnosis: Diagnosis): string {
  const { adapter, selfTest, speed, advice } = diagnosis
  const rows: Note[] = []
  if (adapter) rows.push(...(adapter.cpu ? cpuRows(adapter, adapter.cpu) : gpuRows(adapter)))
  if (speed) {
    rows.push(
      ['multiply-adds', `${(speed.flops / 1e9).toFixed(1)} GFLOP/s`],
      ['copy', `${(speed.copied / 1e9).toFixed(1)} GB/s read and written`],
    )
  }
  if (selfTest) {
    rows.push(['self-test', `${selfTest.ok ? 'passed' : 'FAILED'} in ${selfTest.milliseconds.toFixed(0)} ms`])
  }
  rows.push(...machineRows(diagnosis))
  const lines = [renderNotes(rows)]
  if (advice.length > 0) lines.push('', 'advice', ...advice.map((sentence) => `- ${sentence}`))
  return lines.join('\n')
}

function cpuRows(
  { name, architecture, limits, features }: AdapterReport,
  { build, threads, fused }: NonNullable<AdapterReport['cpu']>,
): Note[] {
  const relaxed = features.includes('relaxed-simd')
  return [
    ['device', `cpu: ${name}, ${architecture}`],
    ['threads', String(threads)],
    [
      'SIMD',
      `simd128, ${relaxed ? 'relaxed multiply-add' : 'no relaxed multiply-add'} (${build} build)${fused ? ', vectors fused in pairs' : ''}`,
    ],
    ['memory limit', bytes(limits.maxBufferSize ?? 0)],
  ]
}

function gpuRows(adapter: AdapterReport): Note[] {
  const { name, kind, backend, vendor, architecture, driver, subgroupMinSize, subgroupMaxSize } = adapter
  const features = Object.entries(FEATURES).map(([feature, purpose]): Note => {
    const present = adapter.features.some((one) => one === feature)
    return [feature, present ? 'yes' : `no (${purpose})`]
  })
  const limits = Object.entries(LIMITS).flatMap(([limit, { what, unit }]): Note[] => {
    const value = adapter.limits[limit as LimitName]
    return value === undefined ? [] : [[what, unit === 'bytes' ? bytes(value) : String(value)]]
  })
  return [
    ['device', `${name} (${kind}, ${backend})`],
    ['vendor', `${vendor}, ${architecture}`],
    ['driver', driver],
    ['subgroup', subgroupMaxSize ? lanes(subgroupMinSize, subgroupMaxSize) : 'none'],
    ...features,
    ...limits,
  ]
}

function machineRows({ adapters, system, host }: Diagnosis): Note[] {
  const { vulkanLoader, manifests, gpuNodes } = system
  const { usableCores: usable, cores } = host
  return [
    ['adapters', adapters.map(({ name, kind }) => `${name} (${kind})`).join('; ') || 'none by WebGPU'],
    ['GPU', gpuNodes.join(', ') || 'no device file'],
    ['Vulkan', vulkanLoader ? `loader, ${manifests.length} driver manifests` : 'no loader'],
    ['processor', `${host.cpu}, ${usable === cores ? cores : `${usable} of ${cores}`} cores`],
    ['memory', `${bytes(host.totalMemory)}, ${bytes(host.freeMemory)} free`],
    ['software', `Node ${host.node}, V8 ${host.v8}, Dawn of webgpu ${host.dawn}, ${host.os}`],
  ]
}

function lanes(min: number, max: number): string {
  return min === max ? `${max} lanes` : `${min} to ${max} lanes`
}

function bytes(value: number): string {
  const unit = [
    { name: 'GiB', size: 2 ** 30, digits: 1 },
    { name: 'MiB', size: 2 ** 20, digits: 0 },
  ].find(({ size }) => value >= size) ?? { name: 'KiB', size: 2 ** 10, digits: 0 }
  return `${(value / unit.size).toFixed(unit.digits)} ${unit.name}`
}
