/**
 * The few steps between a dataset row and a suite's templates that `{field}` cannot say; eval.md section 3.
 * Each is named in suite files (`prepare`) and adds the fields it lists to those of the row.
 */
import { pythonCapitalize, pythonStrip } from '../data/python-text.js'
import type { RowValue } from '../data/rows.js'
import { Failure } from '../errors.js'
import { detokenizeWikitext } from './wikitext.js'

export interface Preparation {
  /** Columns it reads; a suite that names it must have them. */
  reads: readonly string[]
  /** Fields it adds. */
  gives: readonly string[]
  fields(row: RowValue): RowValue
}

export const PREPARATIONS = {
  hellaswag: {
    reads: ['activity_label', 'ctx_a', 'ctx_b', 'endings'],
    gives: ['query', 'choices'],
    fields: (row) => ({
      query: cleanHellaswag(
        `${text(row, 'activity_label')}: ${text(row, 'ctx_a')} ${pythonCapitalize(text(row, 'ctx_b'))}`,
      ),
      choices: (row.endings as string[]).map(cleanHellaswag),
    }),
  },
  winogrande: {
    reads: ['sentence', 'answer'],
    gives: ['prefix', 'suffix', 'gold'],
    fields: splitAtBlank,
  },
  lambada: { reads: ['text'], gives: ['context', 'word'], fields: splitLastWord },
  wikitext: {
    reads: ['page'],
    gives: ['text'],
    fields: (row) => ({ text: detokenizeWikitext(text(row, 'page')) }),
  },
} satisfies Record<string, Preparation>

export type PreparationName = keyof typeof PREPARATIONS

function text(row: RowValue, column: string): string {
  return row[column] as string
}

/**
 * eval.md 3.1. Stripping comes first and only once, so a text that began with a bracket tag keeps the space after it;
 * trimming it away afterwards would change 28 % of HellaSwag's endings.
 */
export function cleanHellaswag(text: string): string {
  return pythonStrip(text)
    .replaceAll(' [title]', '. ')
    .replace(/\[[^\n]*?\]/g, '')
    .replaceAll('  ', ' ')
}

/** eval.md 3.2: the text before the first `_`, and after it without surrounding white space. */
function splitAtBlank(row: RowValue): RowValue {
  const sentence = text(row, 'sentence')
  const blank = sentence.indexOf('_')
  if (blank < 0)
    throw new Failure(`field 'sentence': must have a '_' to fill, got ${JSON.stringify(sentence)}`)
  const gold = { 1: 0, 2: 1 }[text(row, 'answer')]
  if (gold === undefined)
    throw new Failure(`field 'answer': must be "1" or "2", got ${JSON.stringify(row.answer)}`)
  return { prefix: sentence.slice(0, blank), suffix: pythonStrip(sentence.slice(blank + 1)), gold }
}

/** eval.md 3.3: U+0020 alone separates, so a last word may hold newlines. */
function splitLastWord(row: RowValue): RowValue {
  const passage = text(row, 'text')
  const space = passage.lastIndexOf(' ')
  if (space < 0) throw new Failure(`field 'text': must have a space before its last word`)
  return { context: passage.slice(0, space), word: passage.slice(space + 1) }
}
