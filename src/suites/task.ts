/** A suite made ready to score: documents, examples and requests, before any device is needed. */
import type { Tokenizer } from '../data/tokenizer.js'
import { buildRequests } from './build-requests.js'
import type { DataOrigin, Dataset } from './dataset.js'
import { chosenExamples, type Example, loadExamples } from './example.js'
import { withShots } from './fewshot.js'
import { documentHash, type EvalIdentity, evalIdentity } from './identity.js'
import type { Request } from './request.js'
import { chooseRows, type DocumentChoice } from './selection.js'
import type { Suite } from './suite.js'

export interface Task {
  suite: Suite
  origin: DataOrigin
  /** Few-shot examples before each context. */
  shots: number
  /** Those of `--limit` or `--samples`. */
  examples: Example[]
  documentHashes: string[]
  /** In document order; all requests of a document lie together. */
  requests: Request[]
  /** Requests of each document. */
  requestCounts: number[]
  identity: EvalIdentity
}

/** What is scored of a suite's rows, and what stands before it. */
export interface TaskOptions extends DocumentChoice {
  shots?: { count: number; seed: number; pool: Dataset }
}

export function prepareTask(
  suite: Suite,
  { rows, origin }: Dataset,
  tokenizer: Tokenizer,
  nPositions: number,
  { shots, ...choice }: TaskOptions,
): Task {
  const chosen = chosenExamples(suite, chooseRows(suite.name, rows, { ...choice, total: origin.rows }))
  const examples = shots
    ? withShots(suite, chosen, {
        ...shots,
        pool: loadExamples(suite, shots.pool.rows),
        isOwnSplit: isSameSplit(origin, shots.pool.origin),
      })
    : chosen
  const byDocument = examples.map((example) => buildRequests(suite, example, tokenizer, nPositions))
  return {
    suite,
    origin,
    shots: shots?.count ?? 0,
    examples,
    documentHashes: examples.map((example) => documentHash(suite, example)),
    requests: byDocument.flat(),
    requestCounts: byDocument.map(({ length }) => length),
    identity: evalIdentity(suite, origin.sha256, examples),
  }
}

/** By name, or as one file under two names. */
function isSameSplit(documents: DataOrigin, pool: DataOrigin): boolean {
  return documents.split === pool.split || documents.sha256 === pool.sha256
}
