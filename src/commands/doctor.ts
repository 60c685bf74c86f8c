/** `asp doctor`: what asp would compute on, whether it works, and what would make it faster. */
import { AspCommand, deviceFlags } from '../command.js'
import { FEATURES, LIMITS, type LimitName } from '../device/adapter-report.js'
import { type Diagnosis, diagnose } from '../device/diagnose.js'
import { Failure } from '../errors.js'
import { describeError } from '../report-error.js'

export default class Doctor extends AspCommand {
  static override summary = 'Show what asp computes on, test it, and say what would make it faster'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --device swiftshader --json',
  ]
  static override flags = deviceFlags

  async run(): Promise<Diagnosis> {
    const { flags } = await this.parse(Doctor)
    const diagnosis = await diagnose(flags.device)
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
function format({ adapter, selfTest, adapters, bundledDriver, system, host, advice }: Diagnosis): string {
  const rows: [string, string][] = []
  if (adapter) {
    rows.push(
      [
        'adapter',
        `${adapter.name} (${adapter.kind}, ${adapter.backend}${adapter.bundled ? ', bundled' : ''})`,
      ],
      ['vendor', `${adapter.vendor}, ${adapter.architecture}`],
      ['driver', adapter.driver],
      [
        'subgroup',
        adapter.subgroupMaxSize ? lanes(adapter.subgroupMinSize, adapter.subgroupMaxSize) : 'none',
      ],
    )
    for (const [name, purpose] of Object.entries(FEATURES)) {
      const present = adapter.features.some((feature) => feature === name)
      rows.push([name, present ? 'yes' : `no (${purpose})`])
    }
    for (const [name, { what, unit }] of Object.entries(LIMITS)) {
      const value = adapter.limits[name as LimitName]
      if (value === undefined) continue
      rows.push([what, unit === 'bytes' ? bytes(value) : String(value)])
    }
  }
  if (selfTest) {
    rows.push(['self-test', `${selfTest.ok ? 'passed' : 'FAILED'} in ${selfTest.milliseconds.toFixed(0)} ms`])
  }
  rows.push(
    ['adapters', adapters.map(({ name, source }) => `${name} [${source}]`).join('; ') || 'none'],
    [
      'bundled driver',
      bundledDriver.missing ?? `SwiftShader ${bundledDriver.version} in ${bundledDriver.folder}`,
    ],
    [
      'system Vulkan',
      system.vulkanLoader ? `loader, ${system.manifests.length} driver manifests` : 'no loader',
    ],
    ['cpu', `${host.cpu}, ${host.cores} cores`],
    ['memory', `${bytes(host.totalMemory)}, ${bytes(host.freeMemory)} free`],
    ['software', `Node ${host.node}, Dawn of webgpu ${host.dawn}, ${host.os}`],
  )
  const width = Math.max(...rows.map(([subject]) => subject.length))
  const lines = rows.map(([subject, value]) => `${subject.padEnd(width)}  ${value}`)
  if (advice.length > 0) lines.push('', 'advice', ...advice.map((sentence) => `- ${sentence}`))
  return lines.join('\n')
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
