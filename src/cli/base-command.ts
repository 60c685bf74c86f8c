/** The base of asp's commands: a device that is always closed, old names of flags, errors left to bin/. */
import { freemem } from 'node:os'
import { Command, ux } from '@oclif/core'
import { usableCores } from '../device/cores.js'
import type { OpenDevice } from '../device/open.js'
import { afterGrace } from '../engine/compute/give-up.js'
import { Failure } from '../errors.js'
import type { AdapterRecord } from '../record/common.js'
import { layOut } from '../record/io/layout.js'
import { colouredOutput, output, terminalJson } from '../report/escape.js'
import { GRID_FORMS } from '../report/grid-forms.js'
import type { SheetOptions } from '../report/sheet.js'
import type { RunDevice } from '../run/open-model.js'
import type { Attended } from './attended.js'
import { json, noColor } from './flags.js'
import { oldNames } from './old-names.js'
import { terminal } from './terminal.js'
import { asksForJson, unknownFlag } from './typed.js'

/** What `deviceFlags` were given. */
export interface DeviceChoice {
  device: string
  threads?: number
  quiet?: boolean
}

/** The open device as runs and records take it. */
export function runDevice({ device, lost, adapter }: OpenDevice): RunDevice & { record: AdapterRecord } {
  const { name, vendor, architecture, driver, backend, bundled, features } = adapter
  const kind: AdapterRecord['kind'] =
    adapter.kind === 'hardware' || adapter.kind === 'cpu' ? adapter.kind : 'software'
  // The processor and software adapters live in the machine's own memory, and grant more of it than there is.
  // A buffer of the CPU may be as large as all its memory.
  const most = kind === 'cpu' ? device.limits.maxBufferSize : Number.POSITIVE_INFINITY
  const memoryLimit = kind === 'hardware' ? undefined : Math.min(freemem(), most)
  const record = { name, vendor, architecture, driver, backend, kind, bundled, features: [...features] }
  return { device, lost, adapter, memoryLimit, record }
}

/** What standard output shows under these is a table to read. */
const FOR_PEOPLE: readonly string[] = ['table', 'asp', 'lm-eval']

const FROM_FLAG = /^Parsing --\S+ \n\t(?<said>[\s\S]*)\nSee more help with --help$/

/** The arguments as typed, as records keep them. */
export const commandLine = (): string[] => ['asp', ...process.argv.slice(2)]

/** Examples of `--help` without blank lines between them, so that it fits on a screen. */
export const together = (examples: readonly string[]): string[] => [examples.join('\n')]

export abstract class AspCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = { json, 'no-color': noColor }

  #opened: OpenDevice[] = []

  /**
   * A device that is closed when the command ends, however it ends. `signal`: once it is aborted, what is under way is given up
   * after a moment, where the device can do that.
   */
  protected async openDevice(
    { device, threads, quiet = false }: DeviceChoice,
    signal?: AbortSignal,
  ): Promise<OpenDevice> {
    const { openDevice } = await import('../device/open.js')
    const opened = await openDevice({ device, threads: this.chooseThreads(threads, quiet) })
    afterGrace(signal, (reason) => opened.device.abandon?.(reason))
    this.#opened.push(opened)
    return opened
  }

  /** What every run needs of whoever attends it. `finishing`: what an interruption still waits for. */
  protected runHooks(watch: Attended, flags: DeviceChoice, finishing: string) {
    const { orStop, signal, onProgress, onFetch, onFallback, onUnwritten, onWait, onRunning, progress } =
      watch
    return {
      orStop,
      signal,
      onProgress,
      onFetch,
      onFallback,
      onUnwritten,
      onWait,
      openDevice: async () => runDevice(await this.openDevice(flags, signal)),
      onPrepared: (): void => progress.stop(),
      onRunning: (): void => onRunning(finishing),
    }
  }

  /** As many threads as are asked for; more than there are cores is slower, not wrong. */
  protected chooseThreads(wanted: number | undefined, quiet = false): number | undefined {
    const cores = usableCores()
    if (wanted === undefined || (wanted > 0 && wanted <= cores)) return wanted
    if (!quiet) {
      const used =
        wanted === 0 ? `using ${cores}` : `this process may use ${cores} ${cores === 1 ? 'core' : 'cores'}`
      this.logToStderr(`note: --threads ${wanted}: ${used}`)
    }
    return wanted === 0 ? cores : wanted
  }

  /** `--output-format json` is `--json`. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || asksForJson(this.argv)
  }

  /** How standard output takes tables: a terminal has a width, and may have colours. */
  protected sheetOptions(form: string = 'table'): SheetOptions {
    return { form: GRID_FORMS.find((one) => one === form) ?? 'table', ...terminal(process) }
  }

  /** Tables, then where files are: beside them for people, on standard error where standard output is for the form alone. */
  protected logTables(
    text: string,
    form: string,
    { note }: Pick<Attended, 'note'>,
    places: readonly string[],
  ): void {
    this.logColoured(text)
    if (FOR_PEOPLE.includes(form)) this.log(`\n${places.join('\n')}`)
    else note(places.join('\n'))
  }

  /** `--json` prints what a record's file holds. */
  protected override logJson(json: unknown): void {
    ux.stdout(terminalJson(layOut((json ?? null) as object)))
  }

  override log(message = ''): void {
    super.log('%s', output(message))
  }

  /** Of text in which what came from others is made safe already. */
  protected logColoured(text: string): void {
    super.log('%s', colouredOutput(text))
  }

  override logToStderr(message = ''): void {
    super.logToStderr('%s', output(message))
  }

  /** In place of oclif's warnings, which take several lines. */
  protected override warnIfFlagDeprecated({ quiet }: Record<string, unknown>): void {
    if (quiet) return
    for (const line of oldNames(this.argv, this.ctor.flags ?? {})) this.logToStderr(line)
  }

  /**
   * Errors reach `failWith` (src/cli/report-error.ts) as they are: oclif would print them as JSON under --json, and writes lines of
   * its own around what a flag says.
   */
  protected override async catch(error: Error): Promise<never> {
    if (error instanceof Failure) error.message = error.message.replace(FROM_FLAG, '$<said>')
    const [unknown] = (error as { flags?: string[] }).flags ?? []
    if (error.message.startsWith('Nonexistent flag') && unknown !== undefined)
      throw this.#unknownFlag(unknown)
    throw error
  }

  #unknownFlag(typed: string): Failure {
    const known = Object.entries({ ...this.ctor.baseFlags, ...this.ctor.flags })
    const names = known.flatMap(([name, { hidden, aliases = [] }]) => (hidden ? [] : [name, ...aliases]))
    return unknownFlag(typed, (this.id ?? '').replaceAll(':', ' '), names)
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const opened of this.#opened) opened.close()
    this.#opened = []
    await super.finally(error)
  }
}
