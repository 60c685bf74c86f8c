/**
 * The few steps between a dataset row and a suite's templates that `{field}` cannot say (docs/lm-eval.md, Preparations).
 * Each is named in suite files (`prepare`) and adds the fields it lists to those of the row.
 */
import { pythonCapitalize, pythonLstrip, pythonStrip } from '../data/python-text.js'
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
  answer_key: {
    reads: ['choices', 'answerKey'],
    gives: ['texts', 'gold'],
    fields: keyedChoices,
  },
  commonsense_qa: {
    reads: ['question', 'choices', 'answerKey'],
    gives: ['stem', 'listed', 'gold'],
    fields: listedChoices,
  },
  copa: {
    reads: ['premise', 'question', 'choice1', 'choice2'],
    gives: ['opening', 'first', 'second'],
    fields: connectCauses,
  },
  from_one: {
    reads: ['label'],
    gives: ['gold'],
    fields: (row) => ({ gold: Number(row.label) - 1 }),
  },
  sciq: {
    reads: ['support'],
    gives: ['passage'],
    fields: (row) => ({ passage: pythonLstrip(text(row, 'support')) }),
  },
  wsc273: {
    reads: ['context_options'],
    gives: ['first', 'second'],
    fields: ({ context_options }) => {
      const [first, second] = context_options as string[]
      return { first, second }
    },
  },
} satisfies Record<string, Preparation>

export type PreparationName = keyof typeof PREPARATIONS

function text(row: RowValue, column: string): string {
  return row[column] as string
}

/**
 * Stripping comes first and only once, so a text that began with a bracket tag keeps the space after it;
 * trimming it away afterwards would change 28 % of HellaSwag's endings.
 */
export function cleanHellaswag(text: string): string {
  return pythonStrip(text)
    .replaceAll(' [title]', '. ')
    .replace(/\[[^\n]*?\]/g, '')
    .replaceAll('  ', ' ')
}

const ANSWERS = new Map([
  ['1', 0],
  ['2', 1],
])

/** The text before the first `_`, and after it without surrounding white space. */
function splitAtBlank(row: RowValue): RowValue {
  const sentence = text(row, 'sentence')
  const blank = sentence.indexOf('_')
  if (blank < 0)
    throw new Failure(`field 'sentence': must have a '_' to fill, got ${JSON.stringify(sentence)}`)
  const gold = ANSWERS.get(text(row, 'answer'))
  if (gold === undefined)
    throw new Failure(`field 'answer': must be "1" or "2", got ${JSON.stringify(row.answer)}`)
  return { prefix: sentence.slice(0, blank), suffix: pythonStrip(sentence.slice(blank + 1)), gold }
}

/** U+0020 alone separates, so a last word may hold newlines. */
function splitLastWord(row: RowValue): RowValue {
  const passage = text(row, 'text')
  const space = passage.lastIndexOf(' ')
  if (space < 0) throw new Failure(`field 'text': must have a space before its last word`)
  return { context: passage.slice(0, space), word: passage.slice(space + 1) }
}

interface Labelled {
  text: string[]
  label: string[]
}

/** ARC and OpenBookQA: the answer is told by the letter (or digit) of a choice. */
function keyedChoices(row: RowValue): RowValue {
  const { text: texts, label } = row.choices as Labelled
  return { texts, gold: keyIndex(row, label) }
}

const LETTERS = ['A', 'B', 'C', 'D', 'E']

/** The choices are listed in the context; what is scored is the letter alone. */
function listedChoices(row: RowValue): RowValue {
  const { text: texts } = row.choices as Labelled
  if (texts.length !== LETTERS.length)
    throw new Failure(`field 'choices': must hold ${LETTERS.length} choices, got ${texts.length}`)
  const listed = LETTERS.map((letter, i) => `${letter}. ${texts[i]}`).join('\n')
  return { stem: pythonStrip(text(row, 'question')), listed, gold: keyIndex(row, LETTERS) }
}

function keyIndex(row: RowValue, labels: readonly string[]): number {
  const gold = labels.indexOf(pythonLstrip(text(row, 'answerKey')))
  if (gold >= 0) return gold
  throw new Failure(
    `field 'answerKey': must be one of ${labels.join(', ')}, got ${JSON.stringify(row.answerKey)}`,
  )
}

const CONNECTORS = new Map([
  ['cause', 'because'],
  ['effect', 'therefore'],
])

/** The premise without its full stop and a connector; choices as they go on, after a space of their own. */
function connectCauses(row: RowValue): RowValue {
  const connector = CONNECTORS.get(text(row, 'question'))
  if (connector === undefined)
    throw new Failure(`field 'question': must be "cause" or "effect", got ${JSON.stringify(row.question)}`)
  const [first, second] = ['choice1', 'choice2'].map((column) => ` ${lowerFirst(text(row, column))}`)
  return {
    opening: `${[...pythonStrip(text(row, 'premise'))].slice(0, -1).join('')} ${connector}`,
    first,
    second,
  }
}

function lowerFirst(text: string): string {
  const [first = '', ...rest] = text
  return first.toLowerCase() + rest.join('')
}
