/** The question and right answer of documents that a record names by place and hash, from items at hand: never the network. */
import { existsSync } from 'node:fs'
import { Failure } from '../errors.js'
import type { DataOrigin } from '../record/eval/schema.js'
import { hasSample, readLocal, readSample } from './dataset.js'
import { type Example, loadExamples } from './example.js'
import { documentHash } from './identity.js'
import { SAMPLE } from './source.js'
import { loadSuite, type Suite, suiteNames } from './suite.js'

/**
 * Finds texts by a document's place in the full split, and by its hash where no few-shot examples are part of it. `data` says where the items are; else those the record was made
 * from, where these are bundled or a file that is still there.
 */
export async function documentTexts(
  { task, data: origin, shots }: { task: string; data: DataOrigin; shots: number },
  data?: string,
): Promise<(docId: number, hash: string) => string | null> {
  const nothing = (): null => null
  const place = data ?? (origin.kind === 'sample' ? SAMPLE : origin.source)
  if (!suiteNames().includes(task)) return nothing
  const suite = loadSuite(task)
  const there = place === SAMPLE ? hasSample(suite) : existsSync(place)
  if (!there && data === undefined) return nothing
  const examples = await examplesAt(suite, place).catch((error: unknown) => {
    // What was not asked for is not to fail for want of a text.
    if (data === undefined && error instanceof Failure) return []
    throw error
  })
  const byPlace = new Map(examples.map((example) => [example.docId, example]))
  return (docId, hash) => {
    const example = byPlace.get(docId)
    if (example === undefined) return null
    // Another version of the data has other documents in the same places.
    return shots > 0 || documentHash(suite, example).startsWith(hash) ? textOf(example) : null
  }
}

async function examplesAt(suite: Suite, place: string): Promise<Example[]> {
  const { rows } = await (place === SAMPLE ? readSample(suite) : readLocal(suite, place))
  return loadExamples(suite, rows)
}

/** On one line. */
function textOf({ pairs, gold }: Example): string {
  const { context, continuation } = pairs[gold ?? 0]
  return `${context}${continuation}`.replace(/\s+/g, ' ').trim()
}
