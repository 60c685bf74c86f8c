/** Records and training logs for a report, from files and folders. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failure } from '../errors.js'
import { parseRecord, readRecord } from '../record/io/read.js'
import {
  BENCH_SCHEMA,
  COMPARE_SCHEMA,
  EVAL_SCHEMA,
  PPL_SCHEMA,
  SWEEP_SCHEMA,
  TRAIN_LOG_SCHEMA,
  TRAIN_SCHEMA,
} from '../record/kinds.js'
import type { LoadedRecord, ReportedRecord } from './reported-record.js'

const KINDS = [
  EVAL_SCHEMA,
  PPL_SCHEMA,
  BENCH_SCHEMA,
  SWEEP_SCHEMA,
  TRAIN_SCHEMA,
  TRAIN_LOG_SCHEMA,
  COMPARE_SCHEMA,
] as const satisfies readonly ReportedRecord['schema'][]

/**
 * Records of all files, in the order given, each once. A folder stands for the records in it, by name; what else it holds is
 * passed over, and damaged ones are left out.
 *
 * @param onSkipped told what is wrong with a record of a folder that is left out
 * @throws Failure (exit 2) that names a file that was given by itself and the first thing wrong with it, or a folder without records
 */
export async function loadRecords(
  paths: readonly string[],
  onSkipped: (failure: Failure) => void = () => undefined,
): Promise<LoadedRecord[]> {
  const loaded: LoadedRecord[] = []
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (isFolder) loaded.push(...(await loadFolder(path, onSkipped)))
    else loaded.push({ file: path, record: await readRecord(path, KINDS) })
  }
  const places = loaded.map(({ file }) => resolve(file))
  return loaded.filter((_, i) => places.indexOf(places[i]) === i)
}

async function loadFolder(folder: string, onSkipped: (failure: Failure) => void): Promise<LoadedRecord[]> {
  const names = (await readdir(folder)).filter((name) => /\.jsonl?$/.test(name)).sort()
  const loaded: LoadedRecord[] = []
  const failures: Failure[] = []
  for (const name of names) {
    const file = join(folder, name)
    const text = await readFile(file, 'utf8').catch(() => '')
    // Tokenizers, configurations and sample logs lie beside records.
    if (!KINDS.some((schema) => text.slice(0, 4096).includes(`"${schema}"`))) continue
    try {
      loaded.push({ file, record: await parseRecord(file, text, KINDS) })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
    }
  }
  for (const failure of failures) onSkipped(failure)
  if (loaded.length > 0) return loaded
  const whole = failures.length > 0 ? 'whole record' : 'record'
  throw new Failure(`${folder}: no ${whole} in this folder`, {
    hint: `give records that asp wrote (${KINDS.join(', ')}) or folders with them`,
  })
}
