/** Writes lm-eval's files where lm-eval would: a folder of the model's name under the output folder; whole or not at all. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { EXIT, Failure, reasonOf } from '../../errors.js'
import { writeWhole } from '../io/store.js'
import { type LmEvalFiles, lmEvalDate, sanitizedModelName } from './lm-eval.js'
import { pythonDumps } from './python-json.js'

/** What was written, absolute. */
export interface LmEvalPaths {
  results: string
  samples: string[]
}

/**
 * `<folder>/<model>/results_<date>.json` and `samples_<task>_<date>.jsonl` beside it. Samples come first, so that a
 * results file always has its samples.
 */
export async function writeLmEvalFiles(
  folder: string,
  model: string,
  { results, samples }: LmEvalFiles,
  date: Date,
): Promise<LmEvalPaths> {
  const place = path.resolve(folder, sanitizedModelName(model))
  const stamp = lmEvalDate(date)
  await mkdir(place, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(place, cause)
  })
  const paths: LmEvalPaths = { results: path.join(place, `results_${stamp}.json`), samples: [] }
  for (const [task, lines] of Object.entries(samples)) {
    const file = path.join(place, `samples_${task}_${stamp}.jsonl`)
    await replaceFile(file, lines.map((line) => `${pythonDumps(line)}\n`).join(''))
    paths.samples.push(file)
  }
  await replaceFile(paths.results, pythonDumps(results, { indent: 2 }))
  return paths
}

const replaceFile = (file: string, text: string): Promise<void> =>
  writeWhole(file, text, { hint: 'give --output a folder that can be written to' })

function unwritable(folder: string, cause: unknown): Failure {
  return new Failure(`${folder}: lm-eval's files cannot be written there (${reasonOf(cause)})`, {
    hint: 'give --output a folder that can be written to',
    exit: EXIT.failed,
    cause,
  })
}
