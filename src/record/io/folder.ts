/** Records of one folder, by name: what else lies there is passed over. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.js'
import { parseRecord, textOf } from './read.js'
import type { From, RecordOf, Schema } from './records.js'

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/**
 * @param onDamaged told what is wrong with a record that is left out
 * @throws Failure (exit 2) where no record is left
 */
export async function readFolder<S extends Schema>(
  folder: string,
  kinds: readonly S[],
  onDamaged: (failure: Failure) => void,
): Promise<From<RecordOf<S>>[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries
    .map(({ name }) => name)
    .filter((name) => /\.jsonl?$/.test(name))
    .sort()
  const found: From<RecordOf<S>>[] = []
  const failures: Failure[] = []
  for (const name of names) {
    const file = join(folder, name)
    const bytes = await readFile(file).catch(() => Buffer.of())
    // Tokenizers, configurations and sample logs lie beside records.
    if (!kinds.some((schema) => bytes.subarray(0, 4096).includes(`"${schema}"`))) continue
    try {
      found.push({ file, record: await parseRecord(file, textOf(bytes), kinds) })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
    }
  }
  for (const failure of failures) onDamaged(failure)
  if (found.length > 0) return found
  const whole = failures.length > 0 ? 'whole record' : 'record'
  const inner = entries.some((entry) => entry.isDirectory()) ? '; folders inside it are not searched' : ''
  throw new Failure(`${folder}: no ${whole} in this folder`, {
    hint: `give records that asp wrote (${kinds.join(', ')}) or folders with them${inner}`,
  })
}
