/** The base of asp's commands: shared flags, a device that is always closed, errors left to bin/. */
import { Command, Flags } from '@oclif/core'
import { type OpenDevice, openDevice } from './device/open.js'

/** `--device`, for commands that compute. */
export const deviceFlag = Flags.string({
  default: 'auto',
  description: 'where to compute: auto, hardware, software, or part of an adapter name such as llvmpipe',
  helpValue: 'auto|hardware|software|<name>',
})

export abstract class AspCommand extends Command {
  static override enableJsonFlag = true

  #opened: OpenDevice[] = []

  /** A device that is closed when the command ends, however it ends. */
  protected async openDevice(device: string): Promise<OpenDevice> {
    const opened = await openDevice({ device })
    this.#opened.push(opened)
    return opened
  }

  /** Errors reach `failWith` (src/report-error.ts) as they are; oclif would print them as JSON under --json. */
  protected override async catch(error: Error): Promise<never> {
    throw error
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const opened of this.#opened) opened.close()
    this.#opened = []
    await super.finally(error)
  }
}
