/** Records with known values by document, for tests of comparisons. */
import { createHash } from 'node:crypto'
import { buildRecord, type RecordParts, type TaskParts } from '../../src/record/eval/build.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { mean, sum } from '../../src/stats/basics.js'
import { hellaswag, recordParts, wikitext } from '../record/fixture.js'

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** A multiple-choice task: right or wrong, and the log-probability of the right choice, a document. */
export function choiceTask(
  right: readonly number[],
  logprob: readonly number[] = right.map((one) => (one === 1 ? -20 : -25)),
  name = 'hellaswag',
): TaskParts {
  return {
    ...hellaswag,
    name,
    metrics: [{ name: 'acc', value: mean(right), stderr: null, higherIsBetter: true }],
    documents: right.length,
    perDocument: {
      hash: right.map((_, i) => hashOf(`${name} ${i}`)),
      doc_id: right.map((_, i) => 10 * i),
      metrics: { acc: [...right] },
      logprob: [...logprob],
      units: null,
    },
  }
}

/** Whole texts: the log-probability of each, spread over its words. */
export function textTask(logprob: readonly number[], words: readonly number[]): TaskParts {
  const bytes = words.map((count) => 6 * count)
  const perplexity = (units: readonly number[]): number => Math.exp(-sum(logprob) / sum(units))
  return {
    ...wikitext,
    metrics: [
      { name: 'word_perplexity', value: perplexity(words), stderr: null, higherIsBetter: false },
      {
        name: 'bits_per_byte',
        value: -sum(logprob) / sum(bytes) / Math.LN2,
        stderr: null,
        higherIsBetter: false,
      },
    ],
    documents: logprob.length,
    perDocument: {
      hash: logprob.map((_, i) => hashOf(`text ${i}`)),
      doc_id: logprob.map((_, i) => i),
      metrics: {},
      logprob: [...logprob],
      units: { words: [...words], bytes },
    },
  }
}

export function evalRecord(tasks: readonly TaskParts[], changes: Partial<RecordParts> = {}): EvalRecord {
  return buildRecord(recordParts({ tasks, ...changes }))
}

/** `n` documents, the first `right` of them right, but for those `flipped`. */
export function answers(n: number, right: number, flipped: readonly number[] = []): number[] {
  return Array.from({ length: n }, (_, i) => Number(i < right !== flipped.includes(i)))
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)
