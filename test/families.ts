/** Rows written by hand in the columns of BLiMP, MultiBLiMP and the translated LAMBADA, laid out as `--data` takes them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Row = Record<string, string>
export interface Figures {
  [key: string]: number | string
}

export interface LmEvalFamilies {
  /** Places in the hand-written pairs, by paradigm. */
  dealt: Record<string, number[]>
  group: Figures
  sample_len: number
  suites: Record<
    string,
    {
      figures: Figures
      version: number
      arguments?: [context: string, continuation: string][][]
      responses: [logprob: number, greedy: boolean][][]
    }
  >
}

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/families/${file}.json`, import.meta.url), 'utf8'))

/** What lm-eval makes of them (scripts/make-family-fixture.py). */
export const LM_EVAL: LmEvalFamilies = read('lm-eval')
const { note: _, blimp, ...others } = read('rows') as { note: string; blimp: Row[] } & Record<string, Row[]>

/** By suite. */
export const FAMILY_ROWS: Record<string, Row[]> = {
  ...Object.fromEntries(
    Object.entries(LM_EVAL.dealt).map(([name, places]) => [name, places.map((i) => blimp[i])]),
  ),
  ...(others as Record<string, Row[]>),
}

/** A folder with one folder a suite. */
export function writeFamilies(folder: string): string {
  for (const [name, rows] of Object.entries(FAMILY_ROWS)) {
    mkdirSync(join(folder, name), { recursive: true })
    const split = name.startsWith('lambada') ? 'test' : 'train'
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    writeFileSync(join(folder, name, `${split}.jsonl`), text)
  }
  return folder
}
