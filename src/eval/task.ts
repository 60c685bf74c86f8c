/** A suite made ready to score: documents, examples and requests, before any device is needed. */
import type { Tokenizer } from '../data/tokenizer.js'
import { buildRequests } from './build-requests.js'
import type { DataOrigin, Dataset } from './dataset.js'
import { type Example, loadExamples } from './example.js'
import { documentHash, type EvalIdentity, evalIdentity } from './identity.js'
import type { Request } from './request.js'
import type { Suite } from './suite.js'

export interface Task {
  suite: Suite
  origin: DataOrigin
  /** After `--limit`. */
  examples: Example[]
  documentHashes: string[]
  /** In document order; all requests of a document lie together. */
  requests: Request[]
  /** Requests of each document. */
  requestCounts: number[]
  identity: EvalIdentity
}

/** lm-eval's `--limit`: a fraction below 1 of the documents, rounded up, or their number (eval.md 9). */
export function limited<T>(rows: readonly T[], limit: number | undefined): readonly T[] {
  if (limit === undefined) return rows
  return rows.slice(0, limit < 1 ? Math.ceil(limit * rows.length) : Math.floor(limit))
}

export function prepareTask(
  suite: Suite,
  { rows, origin }: Dataset,
  tokenizer: Tokenizer,
  nPositions: number,
  limit: number | undefined,
): Task {
  const examples = loadExamples(suite, limited(rows, limit))
  const byDocument = examples.map((example) => buildRequests(suite, example, tokenizer, nPositions))
  return {
    suite,
    origin,
    examples,
    documentHashes: examples.map((example) => documentHash(suite, example)),
    requests: byDocument.flat(),
    requestCounts: byDocument.map(({ length }) => length),
    identity: evalIdentity(suite, origin.sha256, examples),
  }
}
