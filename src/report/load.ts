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
 * passed over.
 * Throws a Failure that names the file and the first thing wrong with it.
 */
export async function loadRecords(paths: readonly string[]): Promise<LoadedRecord[]> {
  const loaded: LoadedRecord[] = []
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (isFolder) loaded.push(...(await loadFolder(path)))
    else loaded.push({ file: path, record: await readRecord(path, KINDS) })
  }
  const places = loaded.map(({ file }) => resolve(file))
  return loaded.filter((_, i) => places.indexOf(places[i]) === i)
}

async function loadFolder(folder: string): Promise<LoadedRecord[]> {
  const names = (await readdir(folder)).filter((name) => /\.jsonl?$/.test(name)).sort()
  const loaded: LoadedRecord[] = []
  for (const name of names) {
    const file = join(folder, name)
    const text = await readFile(file, 'utf8').catch(() => '')
    // Tokenizers, configurations and sample logs lie beside records.
    if (!KINDS.some((schema) => text.slice(0, 4096).includes(`"${schema}"`))) continue
    loaded.push({ file, record: await parseRecord(file, text, KINDS) })
  }
  if (loaded.length > 0) return loaded
  throw new Failure(`${folder}: no record in this folder`, {
    hint: `give records that asp wrote (${KINDS.join(', ')}) or folders with them`,
  })
}
