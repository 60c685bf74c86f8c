/** The base of asp's commands: shared flags, a device that is always closed, errors left to bin/. */
import { freemem } from 'node:os'
import { Command, Flags, ux } from '@oclif/core'
import { usableCores } from '../device/cores.js'
import { type OpenDevice, openDevice } from '../device/open.js'
import { afterGrace } from '../engine/compute/give-up.js'
import { Failure } from '../errors.js'
import type { AdapterRecord } from '../record/eval/schema.js'
import { layOut } from '../record/io/layout.js'
import { DTYPE_NAMES } from '../run/dtype.js'
import type { RunDevice } from '../run/open-model.js'

/** Where to compute, for commands that do. */
export const deviceFlags = {
  device: Flags.string({
    default: 'auto',
    description:
      'where to compute: auto (a GPU where there is one, else the CPU), cpu, gpu, or a software driver by part of its name',
    helpValue: 'auto|cpu|gpu|<name>',
  }),
  threads: Flags.integer({
    description: 'threads of the CPU device (default: the cores this process may use)',
    min: 0,
  }),
}

/** What `deviceFlags` were given. */
export interface DeviceChoice {
  device: string
  threads?: number
  quiet?: boolean
}

/** Which checkpoint is read, and where it computes: for commands that take one as it is. */
export const modelFlags = {
  model: Flags.string({
    description: 'folder, bundled name or Hub id (default: the bundled asp-tiny)',
    char: 'm',
  }),
  revision: Flags.string({ description: 'branch, tag or commit of a Hub model' }),
  dtype: Flags.option({
    description: 'how weights are kept',
    options: DTYPE_NAMES,
    default: 'auto' as const,
  })(),
  ...deviceFlags,
}

export const calibrationSeedFlag = Flags.integer({
  description: 'seed of the calibration sample',
  default: 1234,
})

export const recordFlag = Flags.string({
  description: 'record file (.json) or its folder (default: results)',
  char: 'o',
})

export const quietFlag = Flags.boolean({ description: 'no progress', char: 'q' })

/** The number a flag holds; its bounds are checked by the run, which knows the rules. */
export function asNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isNaN(value)) return value
  throw new Failure(`${flag}: must be a number, got ${JSON.stringify(text)}`, {
    hint: '--help tells what each flag takes',
  })
}

/** The open device as runs and records take it. */
export function runDevice({ device, lost, adapter }: OpenDevice): RunDevice & { record: AdapterRecord } {
  const { name, vendor, architecture, driver, backend, bundled, features } = adapter
  const kind: AdapterRecord['kind'] =
    adapter.kind === 'hardware' || adapter.kind === 'cpu' ? adapter.kind : 'software'
  // The processor and software adapters live in the machine's own memory, and grant more of it than there is.
  const memoryLimit = kind === 'hardware' ? undefined : freemem()
  const record = { name, vendor, architecture, driver, backend, kind, bundled, features: [...features] }
  return { device, lost, adapter, memoryLimit, record }
}

export abstract class AspCommand extends Command {
  static override enableJsonFlag = true

  #opened: OpenDevice[] = []

  /**
   * A device that is closed when the command ends, however it ends. `signal`: once it is aborted, what is under way is given up
   * after a moment, where the device can do that.
   */
  protected async openDevice(
    { device, threads, quiet = false }: DeviceChoice,
    signal?: AbortSignal,
  ): Promise<OpenDevice> {
    const opened = await openDevice({ device, threads: this.chooseThreads(threads, quiet) })
    afterGrace(signal, (reason) => opened.device.abandon?.(reason))
    this.#opened.push(opened)
    return opened
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

  /** `--json` prints what a record's file holds. */
  protected override logJson(json: unknown): void {
    ux.stdout(layOut((json ?? null) as object))
  }

  /** Errors reach `failWith` (src/cli/report-error.ts) as they are; oclif would print them as JSON under --json. */
  protected override async catch(error: Error): Promise<never> {
    throw error
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const opened of this.#opened) opened.close()
    this.#opened = []
    await super.finally(error)
  }
}
