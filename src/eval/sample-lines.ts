/** A scored document -> its lines of the sample log. */
import type { SampleLine } from '../record/eval/sample-schema.js'
import { sampleLine } from '../record/eval/samples.js'
import { documentMetrics } from '../suites/metrics.js'
import type { Task } from '../suites/task.js'
import type { Scored } from './score.js'

/** `scored` are all requests of one document, in order. */
export function documentLines(task: Task, scored: readonly Scored[]): SampleLine[] {
  const { suite, examples, documentHashes } = task
  const row = scored[0].request.doc
  const { docId: id, gold, choiceLengths, counts } = examples[row]
  const document = { id, hash: documentHashes[row], requests: scored.length, gold }
  const metrics = documentMetrics(
    suite,
    examples[row],
    scored.map(({ score }) => score),
  )
  return scored.map(({ request, score }, i) =>
    sampleLine({
      task: suite.name,
      document,
      request,
      score,
      units: choiceLengths.length > 0 ? { chars: choiceLengths[i] } : (counts ?? {}),
      metrics: i === scored.length - 1 ? (metrics as Record<string, number | number[]>) : undefined,
    }),
  )
}
