/** What a run's stages know -> the parts of its record. Pure. */
import type { FoundPolicy } from '../record/common.js'
import type { TaskParts } from '../record/eval/build.js'
import type { Bootstrapped } from '../suites/metrics.js'
import type { Task } from '../suites/task.js'
import { metricValues, type Tally } from './tally.js'

interface TaskFacts {
  /** SHA-256 of the weights. */
  model: string
  /** Token positions the model ran for what was scored. */
  tokensRun: number
  /** File name of the sample log, null when none is kept. */
  samples: string | null
  /** Standard errors that took long enough to be computed in threads. */
  bootstrapped: Bootstrapped
  policy: FoundPolicy | undefined
}

export function taskParts(
  { suite, origin, shots, examples, identity }: Task,
  tallied: Tally,
  { model, tokensRun, samples, bootstrapped, policy }: TaskFacts,
): TaskParts {
  const { counts, documents, perDocument, chance } = tallied
  return {
    name: suite.name,
    version: suite.version,
    protocol: suite.protocol,
    output: suite.output,
    shots,
    metrics: metricValues(suite, tallied, bootstrapped),
    data: origin,
    policy,
    documents: examples.length,
    documentsScored: documents.length,
    counts,
    chance,
    tokensRun,
    perDocument,
    identity: { data: identity.data, requests: identity.requests, protocol: identity.protocol, model },
    samples,
    reference: suite.reference.map(({ model, metric, value, source }) => ({ model, metric, value, source })),
  }
}
