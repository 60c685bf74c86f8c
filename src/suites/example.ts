/** Suite + row -> Example: the texts a document asks about, and what its metrics need besides scores. Pure. */
import { pythonLength, splitWhitespace } from '../data/python-text.js'
import type { DataRow, RowValue } from '../data/rows.js'
import { Failure } from '../errors.js'
import type { Answer } from './metrics.js'
import { PREPARATIONS } from './preparations.js'
import { type ChosenRow, chooseRows } from './selection.js'
import type { MultipleChoiceSuite, Suite } from './suite.js'
import { render, renderList } from './template.js'

export interface TextPair {
  context: string
  continuation: string
}

export interface Example extends Answer {
  /** Position among the loaded rows. */
  doc: number
  /** Position in the full split: the row's `idx` where it has one, else `doc`. */
  docId: number
  /** One per request before tokens: choice k, the target, or (rolling) the whole text after an empty context. */
  pairs: TextPair[]
  /** lm-eval's `target` of a logged sample: the gold index, the suffix of winogrande, the target text or the text. */
  target: string
  /** Names what it has in common with other documents, such as their passage; undefined where there is nothing. */
  cluster?: string
  /** By pair, tokens of its context after which nothing is dropped any more; undefined where everything may be. */
  frozenFrom?: readonly number[]
  row: RowValue
}

type Question = Answer & Pick<Example, 'pairs' | 'target'>

/** Examples of all rows, in order. A Failure names the suite and the row. */
export function loadExamples(suite: Suite, rows: readonly DataRow[]): Example[] {
  return chosenExamples(suite, chooseRows(suite.name, rows, {}))
}

/** Examples of the rows chosen, in order. A Failure names the suite and the row. */
export function chosenExamples(suite: Suite, chosen: readonly ChosenRow[]): Example[] {
  return chosen.map(({ row: { value, line }, docId }, doc) => {
    try {
      const fields = suite.prepare ? { ...value, ...PREPARATIONS[suite.prepare].fields(value) } : value
      const cluster = suite.cluster ? render(suite.cluster, fields) : ''
      const frozenFrom = suite.dataset.recall && (value.frozen_from as Example['frozenFrom'])
      return { doc, docId, row: value, cluster: cluster || undefined, frozenFrom, ...question(suite, fields) }
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause
      throw new Failure(`${suite.name}: row ${line}: ${cause.message}`, {
        hint: cause.hint ?? 'correct the row or leave it out',
        cause,
      })
    }
  })
}

/** `fields`: the row's, and those that a preparation adds. */
function question(suite: Suite, fields: RowValue): Question {
  if (suite.output === 'multiple_choice') return multipleChoice(suite, fields)
  if (suite.output === 'loglikelihood') {
    const target = render(suite.target, fields)
    const pairs = [{ context: render(suite.context, fields), continuation: target }]
    return { pairs, gold: null, choiceLengths: [], counts: null, target }
  }
  const text = render(suite.text, fields)
  const counted = render(suite.counted, fields)
  const counts = { words: splitWhitespace(counted).length, bytes: Buffer.byteLength(counted) }
  return { pairs: [{ context: '', continuation: text }], gold: null, choiceLengths: [], counts, target: text }
}

function multipleChoice(suite: MultipleChoiceSuite, fields: RowValue): Question {
  const choices = renderList(suite.choices, fields)
  const shared = typeof suite.context === 'string'
  const contexts = shared
    ? new Array<string>(choices.length).fill(render(suite.context as string, fields))
    : renderList(suite.context, fields)
  const gold = render(suite.gold, fields)
  if (!/^\d+$/.test(gold) || Number(gold) >= choices.length)
    throw new Failure(`gold: must be a choice from 0 to ${choices.length - 1}, got ${JSON.stringify(gold)}`, {
      hint: 'unlabelled test splits cannot be scored; use the split the suite names',
    })
  return {
    pairs: choices.map((choice, k) => ({ context: contexts[k], continuation: suite.delimiter + choice })),
    gold: Number(gold),
    choiceLengths: choices.map(pythonLength),
    counts: null,
    target: shared ? gold : choices[Number(gold)],
  }
}
