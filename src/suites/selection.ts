/** Which documents of the loaded rows are scored: `--limit` and `--samples` (docs/lm-eval.md, Choosing documents). Pure but for reading. */
import { readFileSync } from 'node:fs'
import type { DataRow } from '../data/rows.js'
import { utf8Of } from '../data/utf8.js'
import { Failure, nearestName } from '../errors.js'
import { parseJson } from '../json.js'

/** Positions in the full split, by suite. */
export type SampleIds = Record<string, number[]>

export interface DocumentChoice {
  limit?: number
  /** The true positions of the documents to score; a suite that is not named is scored whole. */
  samples?: SampleIds
}

export interface ChosenRow {
  row: DataRow
  /** Position in the full split: the row's `idx` where it has one, else its place among the rows. */
  docId: number
}

/** `--limit`: a fraction below 1 of all documents, rounded up, or their number. */
export function limitedCount(limit: number | undefined, total: number): number {
  if (limit === undefined) return total
  return limit < 1 ? Math.ceil(limit * total) : Math.floor(limit)
}

/**
 * In split order, whatever order the positions were given in. `total`: documents of the split that there are, where `rows` are only the
 * first of them. Failure: a position that is not among the rows.
 */
export function chooseRows(
  suite: string,
  rows: readonly DataRow[],
  { limit, samples, total = rows.length }: DocumentChoice & { total?: number },
): readonly ChosenRow[] {
  const all = rows.map((row, position) => ({ row, docId: docIdOf(row, position) }))
  if (samples === undefined || !Object.hasOwn(samples, suite)) {
    return all.slice(0, limitedCount(limit, total))
  }
  const wanted = new Set(samples[suite])
  const chosen = all.filter(({ docId }) => wanted.has(docId))
  const lacking = [...wanted].find((id) => !chosen.some(({ docId }) => docId === id))
  if (lacking === undefined) return chosen
  throw new Failure(
    `--samples: ${suite} has no document ${lacking} among the ${rows.length} that were loaded`,
    {
      hint: `positions are those of the full split, from 0; the first loaded is ${all[0].docId}, the last ${all[all.length - 1].docId}`,
    },
  )
}

function docIdOf({ value: { idx } }: DataRow, position: number): number {
  return Number.isSafeInteger(idx) && Number(idx) >= 0 ? Number(idx) : position
}

/** JSON text, or the path of a file that holds it. Failure: names what is wrong in it. */
export function parseSamples(given: string): SampleIds {
  const text = given.trimStart().startsWith('{') ? given : readText(given)
  const ids = valueIn(text, given)
  if (typeof ids !== 'object' || ids === null || Array.isArray(ids) || Object.keys(ids).length === 0)
    throw wrong(`must be an object {"suite": [positions]}, got ${text.slice(0, 60)}`)
  for (const [suite, list] of Object.entries(ids)) {
    if (!Array.isArray(list) || list.length === 0)
      throw wrong(`${suite}: must be a list of positions, got ${JSON.stringify(list)}`)
    const bad: unknown = list.find((id) => !(Number.isSafeInteger(id) && id >= 0))
    if (bad !== undefined) throw wrong(`${suite}: must be whole numbers from 0, got ${JSON.stringify(bad)}`)
  }
  return ids as SampleIds
}

/** Failure: both ways of choosing at once, or a suite that is not run. */
export function checkChoice({ limit, samples }: DocumentChoice, suites: readonly string[]): void {
  if (samples === undefined) return
  if (limit !== undefined)
    throw new Failure('--samples and --limit: only one of them can choose the documents', {
      hint: 'leave out one of them',
    })
  const stranger = Object.keys(samples).find((name) => !suites.includes(name))
  if (stranger === undefined) return
  const near = nearestName(stranger, suites)
  throw new Failure(`--samples: '${stranger}' is not among the suites of this run`, {
    hint: near ? `did you mean ${near}?` : `the run has ${suites.join(', ')}`,
  })
}

function wrong(problem: string): Failure {
  return new Failure(`--samples: ${problem}`, { hint: `for example --samples '{"piqa": [0, 4, 17]}'` })
}

function readText(path: string): string {
  try {
    return utf8Of(path, readFileSync(path))
  } catch (cause) {
    if (cause instanceof Failure) throw wrong(cause.message)
    throw wrong(`neither JSON nor a file that can be read, got ${path}: ${(cause as Error).message}`)
  }
}

function valueIn(text: string, given: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw wrong(`not valid JSON, ${(cause as Error).message}, got ${given.slice(0, 60)}`)
  }
}
