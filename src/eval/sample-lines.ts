/** A scored document -> its lines of the sample log. */
import { sha256Of } from '../data/files.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { sampleLine } from '../record/eval/samples.js'
import { documentMetrics } from '../suites/metrics.js'
import type { Task } from '../suites/task.js'
import { HASH_DIGITS } from './per-document.js'
import type { Scored } from './score.js'

/** `scored` are all requests of one document, in order. */
export function documentLines(task: Task, scored: readonly Scored[]): SampleLine[] {
  return linesOf(task, scored[0].request.doc, scored.length, scored)
}

/** Of a document that has no requests, as an empty text has no windows: its log-probability is 0, and its words and bytes count. */
export function emptyDocumentLine(task: Task, row: number, layers: number): SampleLine {
  const none = new Array<number>(layers).fill(0)
  const request = { doc: row, index: 0, context: '', continuation: '', input: NO_TOKENS, targets: NO_TOKENS }
  const score = { logprob: 0, greedy: true, pairs: 0, removed: none, kept: none, peak: 0 }
  const [line] = linesOf(task, row, 0, [{ request, score }])
  return line
}

const NO_TOKENS = new Uint32Array()

function linesOf(task: Task, row: number, requests: number, scored: readonly Scored[]): SampleLine[] {
  const { suite, examples, documentHashes } = task
  const { docId: id, gold, choiceLengths, counts, cluster, row: item } = examples[row]
  const document = {
    id,
    hash: documentHashes[row],
    requests,
    gold,
    cluster: cluster === undefined ? undefined : sha256Of(cluster).slice(0, HASH_DIGITS),
  }
  const metrics = documentMetrics(
    suite,
    { ...examples[row], choiceTokens: scored.map(({ request }) => request.targets.length) },
    scored.map(({ score }) => score),
  )
  return scored.map(({ request, score }, i) =>
    sampleLine({
      task: suite.name,
      document,
      request,
      score,
      cell: suite.dataset.recall === undefined ? undefined : (item.cell as SampleLine['cell']),
      units: choiceLengths.length > 0 ? { chars: choiceLengths[i] } : (counts ?? {}),
      metrics: i === scored.length - 1 ? (metrics as Record<string, number | number[]>) : undefined,
    }),
  )
}
