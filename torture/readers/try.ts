/** One try: a case of a target, changed as its number says, read in this process, and judged. */
import { isUtf8 } from 'node:buffer'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { faultOfCost, faultOfError, faultOfShown } from './judge.js'
import { type Form, mutate } from './mutate.js'
import { Random } from './random.js'
import type { Case, Reading, Target } from './target.js'

/** Cases of a target with what reading them unchanged gives. */
interface Original extends Case {
  figures: unknown
}

export class Tries {
  readonly #originals = new Map<string, Promise<Original[]>>()

  /** @param folder for the files of the cases */
  constructor(
    readonly targets: readonly Target[],
    readonly folder: string,
    readonly seed: number,
  ) {}

  /** What the file of a try is. */
  async input(target: Target, number: number): Promise<{ original: Original; bytes: Buffer }> {
    const originals = await this.#prepared(target)
    const random = new Random(this.seed, target.name, number)
    const original = random.pick(originals)
    return { original, bytes: mutate(Buffer.from(original.files[original.changed]), original.form, random) }
  }

  async run(target: Target, number: number): Promise<{ fault: string | null; form: Form }> {
    const { original, bytes } = await this.input(target, number)
    return { fault: await this.judge(target, original, bytes), form: original.form }
  }

  /** The promise that was broken, in a line; null where none was. */
  async judge(target: Target, original: Original, bytes: Buffer): Promise<string | null> {
    const folder = this.#lay(original, bytes)
    const [cpu, peak] = [process.cpuUsage(), process.resourceUsage().maxRSS]
    const fault = await faultOf(target, folder, original, bytes)
    const { user, system } = process.cpuUsage(cpu)
    const memory = 1024 * (process.resourceUsage().maxRSS - peak)
    return fault ?? faultOfCost({ seconds: (user + system) / 1e6, memory })
  }

  #prepared(target: Target): Promise<Original[]> {
    const known = this.#originals.get(target.name) ?? this.#prepare(target)
    this.#originals.set(target.name, known)
    return known
  }

  /** Error: a file that nobody changed is not taken, so that nothing could be learned from the target. */
  async #prepare(target: Target): Promise<Original[]> {
    const originals: Original[] = []
    for (const one of await target.cases()) {
      const bytes = Buffer.from(one.files[one.changed])
      const folder = this.#lay(one, bytes)
      try {
        const { shown = [], figures } = (await target.read(folder, one.changed)) ?? {}
        const fault = faultOfShown(shown, bytes.toString('utf8'))
        if (fault !== null) throw new Error(fault)
        originals.push({ ...one, figures })
      } catch (cause) {
        throw new Error(`${target.name}: ${one.changed} as it should be: ${(cause as Error).message}`, {
          cause,
        })
      }
    }
    return originals
  }

  /** The files of a case in a folder that holds nothing else. */
  #lay({ files, changed }: Case, bytes: Buffer): string {
    const folder = join(this.folder, 'case')
    rmSync(folder, { recursive: true, force: true })
    for (const [name, content] of Object.entries({ ...files, [changed]: bytes })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    }
    return folder
  }
}

async function faultOf(
  target: Target,
  folder: string,
  original: Original,
  bytes: Buffer,
): Promise<string | null> {
  let reading: Reading
  try {
    reading = (await target.read(folder, original.changed)) ?? {}
  } catch (error) {
    return faultOfError(error)
  }
  const { shown = [], figures } = reading
  const isText = original.form === 'text' || original.form === 'json' || original.form === 'jsonl'
  if (isText && !target.lenient && !isUtf8(bytes)) return 'takes bytes that are no UTF-8'
  return faultOfShown(shown, bytes.toString('utf8')) ?? target.compare?.(figures, original.figures) ?? null
}
