/** Records and training logs for a report, from files and folders. */
import { resolve } from 'node:path'
import type { Failure } from '../errors.js'
import { isFolder, readFolder } from '../record/io/folder.js'
import { readRecord } from '../record/io/read.js'
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
    if (await isFolder(path)) loaded.push(...(await readFolder(path, KINDS, onSkipped)))
    else loaded.push({ file: path, record: await readRecord(path, KINDS) })
  }
  const places = loaded.map(({ file }) => resolve(file))
  return loaded.filter((_, i) => places.indexOf(places[i]) === i)
}
