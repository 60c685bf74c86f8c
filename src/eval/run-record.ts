/** What a run's stages know -> the parts of its record. Pure. */
import type { DropRule } from '../engine/gpt2/forward.js'
import { SIZED } from '../engine/policies/index.js'
import type { Calibration } from '../pruning/calibrate.js'
import type { TaskParts } from '../record/eval/build.js'
import type { CalibrationRecord, PolicyRecord } from '../record/eval/schema.js'
import type { Bootstrapped } from '../suites/metrics.js'
import type { Task } from '../suites/task.js'
import type { PreparedRun, RunOptions } from './prepare-run.js'
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
}

export function taskParts(
  { suite, origin, shots, examples, identity }: Task,
  { counts, documents, perDocument }: Tally,
  { model, tokensRun, samples, bootstrapped }: TaskFacts,
): TaskParts {
  return {
    name: suite.name,
    version: suite.version,
    protocol: suite.protocol,
    output: suite.output,
    shots,
    metrics: metricValues(suite, documents, bootstrapped),
    data: origin,
    documents: examples.length,
    documentsScored: documents.length,
    counts,
    tokensRun,
    perDocument,
    identity: { data: identity.data, requests: identity.requests, protocol: identity.protocol, model },
    samples,
    reference: suite.reference.map(({ model, metric, value, source }) => ({ model, metric, value, source })),
  }
}

/** What a record says of a policy comes from these. */
export type PolicyParts = Pick<PreparedRun, 'policy' | 'sized' | 'checkpoint'> & {
  options: Pick<RunOptions, 'seed'>
}

export function policyRecord(
  { policy, sized, checkpoint, options }: PolicyParts,
  rule: DropRule | null,
  calibration: Calibration | null,
  seconds: number,
): PolicyRecord {
  const { interaction } = checkpoint.config
  return {
    name: policy.name,
    parameters: {
      ...(policy.name === 'adaptive' && { propagate_in_depth: interaction?.propagateInDepth ?? false }),
      ...(sized && SIZED[sized.kind].parameters(sized.size)),
    },
    threshold_shift: rule?.kind === 'adaptive' ? rule.shift : null,
    calibration:
      calibration === null
        ? null
        : calibrationRecord(calibration, policy.sparsity ?? 0, options.seed, seconds),
  }
}

function calibrationRecord(
  { evaluations, requests, tokens, sparsity }: Calibration,
  requested: number,
  seed: number,
  seconds: number,
): CalibrationRecord {
  return {
    requested,
    method: 'bisection of one shift shared by all layers, on requests sampled evenly over their lengths',
    seed,
    requests,
    tokens,
    evaluations,
    sample_sparsity: sparsity,
    seconds,
  }
}
