/**
 * Few-shot contexts as lm-eval builds them (docs/lm-eval.md, Few-shot): which examples are drawn for each document, and
 * the text they become. Checked against lm-eval 0.4.13's own samplers. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../errors.js'
import { type PythonRandom, pythonRandom } from '../stats/python-random.js'
import type { Example } from './example.js'
import type { Suite } from './suite.js'

/** lm-eval's `fewshot_seed`. */
export const FEWSHOT_SEED = 1234

const BETWEEN = '\n\n'

export interface Shots {
  count: number
  seed: number
  /** Examples of the split that `dataset.fewshot` names, in its order. */
  pool: readonly Example[]
  /** Whether the pool has the documents themselves: it is the suite's own split, or the same file. */
  isOwnSplit: boolean
}

/**
 * Documents with `count` answered examples before each of their contexts. One generator serves all documents in turn,
 * so what a document is shown depends on how many were asked before it. Failure: a pool that is too small.
 */
export function withShots(
  suite: Suite,
  documents: readonly Example[],
  { count, seed, pool, isOwnSplit }: Shots,
): Example[] {
  if (count === 0) return [...documents]
  const excludes = excludesItself(suite, isOwnSplit)
  const draws = count + Number(excludes)
  if (pool.length < draws)
    throw new Failure(
      `${suite.name}: ${count} examples are drawn from ${draws} or more, got ${pool.length}`,
      {
        hint: 'give a larger file with --fewshot-data, or a smaller --num-fewshot',
      },
    )
  const random = pythonRandom(seed)
  const texts = new Map(pool.map((example) => [example, shotText(suite, example)]))
  return documents.map((document) => {
    const block = drawShots(suite, document, { count, pool, random, excludes })
      .map((shot) => `${texts.get(shot)}${BETWEEN}`)
      .join('')
    return {
      ...document,
      pairs: document.pairs.map(({ context, continuation }) => ({ context: block + context, continuation })),
    }
  })
}

/**
 * lm-eval leaves rows equal to the document out, and draws one more, where the few-shot split that a task names is its test split:
 * also where it has neither. So do suites whose split is not called test, and all that draw from their own documents, but for
 * lm-eval's tasks that draw from the test split for want of another.
 */
function excludesItself({ dataset: { split, fewshot } }: Suite, isOwnSplit: boolean): boolean {
  return split !== 'test' || (isOwnSplit && fewshot?.includes_itself !== true)
}

function drawShots(
  suite: Suite,
  document: Example,
  {
    count,
    pool,
    random,
    excludes,
  }: Pick<Shots, 'count' | 'pool'> & { random: PythonRandom; excludes: boolean },
): Example[] {
  if (!excludes) return random.sample(pool, count)
  const others = (examples: readonly Example[]): Example[] =>
    examples.filter(({ row }) => !isDeepStrictEqual(row, document.row))
  const drawn = others(random.sample(pool, count + 1)).slice(0, count)
  if (drawn.length === count) return drawn
  const rest = others(pool)
  if (rest.length >= count) return random.sample(rest, count)
  throw new Failure(
    `${suite.name}: ${count} examples are drawn beside document ${document.docId}, got ${rest.length}`,
    {
      hint: 'the pool holds copies of that document: give another with --fewshot-data',
    },
  )
}

/** Question and right answer: the right choice's request, or context and target with lm-eval's space between them. */
function shotText({ output }: Suite, { pairs, gold }: Example): string {
  const { context, continuation } = pairs[gold ?? 0]
  return output === 'multiple_choice' ? context + continuation : `${context} ${continuation}`
}
