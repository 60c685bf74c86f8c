/** Where a result goes whose own place no longer takes it: a disk that is full by now, a folder that was deleted. */
import { randomBytes } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { EXIT, Failure } from '../errors.js'
import { writeWhole } from '../record/io/store.js'

export interface Rescued {
  /** Of the file; null where it could be written nowhere. */
  path: string | null
  /** What a person is told in the end. */
  failure: Failure
}

/** @param cause why `file` could not be written with `text` */
export async function rescue(file: string, text: string, cause: Failure): Promise<Rescued> {
  const { name, ext } = path.parse(file)
  for (const folder of new Set([process.cwd(), tmpdir(), homedir()])) {
    const other = path.join(folder, `${name}-${randomBytes(4).toString('hex')}${ext}`)
    try {
      await writeWhole(other, text)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      continue
    }
    return { path: other, failure: failing(cause, `it is kept in ${other}`) }
  }
  return { path: null, failure: failing(cause, 'nor could it be written anywhere else') }
}

const failing = ({ message, cause }: Failure, hint: string): Failure =>
  new Failure(message, { hint, exit: EXIT.failed, cause })
