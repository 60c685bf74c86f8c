/** Typed parts of a run -> its record: every derived figure (rates, pooled sparsity, identity) is computed here. */
import { groupFigure, sum } from '../../stats/basics.js'
import { clusteredGroupError } from '../../stats/clusters.js'
import type {
  EnvironmentRecord,
  FoundPolicy,
  IdentityParts,
  MemoryRecord,
  ModelRecord,
  PolicyRecord,
  SparsityRecord,
  Status,
} from '../common.js'
import { kvRecord, mergePeaks, NO_PEAKS, type Peaks, peakOf } from '../footprint.js'
import { EVAL_SCHEMA } from '../kinds.js'
import { sha256 } from '../sha256.js'
import type {
  DataOrigin,
  EvalRecord,
  GroupResult,
  Output,
  PerDocumentRecord,
  ReferenceScore,
  ShardRecord,
  Statistic,
  TaskRecord,
  TaskResult,
} from './schema.js'

/** Printed beside every sparsity figure so that nobody has to guess which of several definitions it is. */
export const SPARSITY_DEFINITION =
  'removed causal (query, key) pairs with key < query divided by all such pairs, summed over requests ' +
  '(each counted whole, as if nothing were shared), then averaged over layers'

export interface RecordParts {
  status: Status
  started: Date
  model: ModelRecord
  policy: PolicyRecord
  /** The share requested with `--sparsity`; null when it was not given. */
  requested: number | null
  /** Over what a requested share is reached; nothing is where undefined. */
  calibrated?: EvalRecord['calibrated']
  environment: EnvironmentRecord
  /** `busy`: the part of `score` during which the adapter worked; null where it cannot tell. */
  seconds: { load: number; calibrate: number; score: number; busy: number | null; total: number }
  memory: MemoryParts
  tasks: readonly TaskParts[]
  groups?: readonly GroupParts[]
  shard: ShardRecord | null
  seed: number
  limit: number | null
  batchTokens: number
  command: readonly string[]
}

/** Largest sizes of GPU buffers, in all and by purpose, and resident memory at the end; bytes. */
export interface MemoryParts {
  peak: number
  byPurpose: Readonly<Record<string, number>>
  hostRss: number
}

export interface TaskParts {
  name: string
  alias?: string
  version: number | string
  protocol: string
  output: Output
  shots: number
  metrics: readonly MetricValue[]
  data: DataOrigin
  /** The run's where undefined. */
  policy?: FoundPolicy
  documents: number
  /** Defaults to `documents`. */
  documentsScored?: number
  counts: ScoreCounts
  /** Share of documents that guessing gets right; null where there are no choices. */
  chance?: number | null
  tokensRun: number
  perDocument: PerDocumentRecord
  identity: IdentityParts
  samples?: string | null
  reference?: readonly ReferenceScore[]
}

/** A group whose tasks are all among the run's. */
export interface GroupParts {
  name: string
  tasks: readonly string[]
  metric: string
  weightBySize: boolean
  /** Each task is a cluster of documents. */
  clustered?: boolean
  note: string
}

export interface MetricValue {
  name: string
  /** NaN and infinities are recorded as "N/A": JSON has no word for them. */
  value: number
  stderr: number | null
  /** Standard error over clusters of documents; undefined where there are none. */
  clustered?: number | null
  higherIsBetter: boolean
}

/** Sums over scored requests; `removed` and `kept` have one entry per layer. */
export interface ScoreCounts {
  requests: number
  tokens: number
  pairs: number
  removed: readonly number[]
  kept: readonly number[]
  /** Null where a request's is not known: they do not follow from other figures. */
  peaks: Peaks | null
}

/** What the counts need of one score; the engine's Score is one. */
export interface CountedScore {
  pairs: number
  removed: readonly number[]
  kept: readonly number[]
  /** Lines of older logs have none. */
  peak?: number
}

export function emptyCounts(layers: number): ScoreCounts {
  return {
    requests: 0,
    tokens: 0,
    pairs: 0,
    removed: Array(layers).fill(0),
    kept: Array(layers).fill(0),
    peaks: NO_PEAKS,
  }
}

/** `counts` with one more request of `tokens` input tokens. */
export function addScore(
  counts: ScoreCounts,
  tokens: number,
  { pairs, removed, kept, peak }: CountedScore,
): ScoreCounts {
  const peaks = peak === undefined ? null : peakOf(peak, removed.length, tokens)
  return addCounts(counts, { requests: 1, tokens, pairs, removed, kept, peaks })
}

export function addCounts(a: ScoreCounts, b: ScoreCounts): ScoreCounts {
  return {
    requests: a.requests + b.requests,
    tokens: a.tokens + b.tokens,
    pairs: a.pairs + b.pairs,
    removed: a.removed.map((n, layer) => n + b.removed[layer]),
    kept: a.kept.map((n, layer) => n + b.kept[layer]),
    peaks: a.peaks && b.peaks && mergePeaks(a.peaks, b.peaks),
  }
}

/** Counts -> shares; where there was no pair to remove, 0 of them is gone. */
export function sparsityOf({ requests, tokens, pairs, removed, kept, peaks }: ScoreCounts): SparsityRecord {
  const perLayer = removed.map((n) => (pairs === 0 ? 0 : n / pairs))
  const achieved = perLayer.length === 0 ? 0 : perLayer.reduce((sum, s) => sum + s, 0) / perLayer.length
  return {
    achieved,
    per_layer: perLayer,
    pairs,
    kept_tokens: { total: tokens, per_layer: [...kept] },
    ...kvRecord({ removed: sum(removed), layers: removed.length, pairs, tokens }, peaks, requests),
  }
}

/** SHA-256 of the parts in a fixed order. */
export function identityOf({ data, requests, protocol, model }: IdentityParts): string {
  return sha256(JSON.stringify([data, requests, protocol, model]))
}

/** The record of a run; pure, so the same parts always give the same record. */
export function buildRecord(parts: RecordParts): EvalRecord {
  const { tasks, groups = [], seconds, memory, model } = parts
  const byTask = <T>(of: (task: TaskParts) => T): Record<string, T> =>
    Object.fromEntries(tasks.map((task) => [task.name, of(task)]))
  const counts = tasks.reduce((sum, task) => addCounts(sum, task.counts), emptyCounts(model.config.n_layer))
  const identityParts = pooledIdentity(tasks, model)
  return {
    schema: EVAL_SCHEMA,
    kind: 'eval',
    status: parts.status,
    date: parts.started.getTime() / 1000,
    results: byTask(taskResult),
    groups: Object.fromEntries(groups.map((group) => [group.name, groupResult(group, tasks)])),
    group_subtasks: Object.fromEntries(groups.map(({ name, tasks }) => [name, [...tasks]])),
    'n-samples': byTask((task) => ({
      original: task.data.total ?? task.data.rows,
      effective: task.documentsScored ?? task.documents,
    })),
    versions: byTask((task) => task.version),
    'n-shot': byTask((task) => task.shots),
    higher_is_better: byTask((task) =>
      Object.fromEntries(task.metrics.map((metric) => [metric.name, metric.higherIsBetter])),
    ),
    tasks: byTask((task) => taskRecord(task, parts.policy)),
    shard: parts.shard,
    model,
    policy: parts.policy,
    calibrated: parts.calibrated ?? null,
    sparsity: { requested: parts.requested, ...sparsityOf(counts), definition: SPARSITY_DEFINITION },
    environment: parts.environment,
    timing: {
      load_s: seconds.load,
      calibrate_s: seconds.calibrate,
      score_s: seconds.score,
      total_s: seconds.total,
      tokens_per_s: rate(counts.tokens, seconds.score),
      requests_per_s: rate(counts.requests, seconds.score),
      adapter_busy: seconds.busy === null ? null : Math.min(1, rate(seconds.busy, seconds.score)),
    },
    memory: memoryRecord(memory),
    identity: identityOf(identityParts),
    identity_parts: identityParts,
    seed: parts.seed,
    limit: parts.limit,
    batch_tokens: parts.batchTokens,
    command: [...parts.command],
  }
}

export function memoryRecord({ peak, byPurpose, hostRss }: MemoryParts): MemoryRecord {
  return {
    peak_bytes: peak,
    weights_bytes: byPurpose.weights ?? 0,
    activations_bytes: byPurpose.activations ?? 0,
    cache_bytes: byPurpose.cache ?? 0,
    peak_by_purpose: { ...byPurpose },
    host_rss_bytes: hostRss,
  }
}

function taskResult(task: TaskParts): TaskResult {
  const result: TaskResult = {
    name: task.name,
    alias: task.alias ?? task.name,
    sample_len: task.documentsScored ?? task.documents,
  }
  for (const { name, value, stderr, clustered } of task.metrics) {
    result[`${name},none`] = statistic(value)
    result[`${name}_stderr,none`] = statistic(stderr)
    if (clustered !== undefined) result[`${name}_clustered_stderr,none`] = statistic(clustered)
  }
  return result
}

/** The groups a record has, to build a record of the same run anew. */
export function groupPartsOf({ groups, group_subtasks }: EvalRecord): GroupParts[] {
  return Object.values(groups).map(({ name, metric, weight_by_size, clustered = false, note }) => ({
    name,
    tasks: group_subtasks[name],
    metric,
    weightBySize: weight_by_size,
    clustered,
    note,
  }))
}

/** A task without the metric, or not scored at all, leaves the group without a figure. */
function groupResult(
  { name, metric, weightBySize, clustered, note, ...group }: GroupParts,
  tasks: readonly TaskParts[],
): GroupResult {
  const members = group.tasks.map((member) => {
    const task = tasks.find((one) => one.name === member)
    const figure = task?.metrics.find((one) => one.name === metric)
    const documents = task === undefined ? 0 : (task.documentsScored ?? task.documents)
    return { value: figure?.value ?? Number.NaN, stderr: figure?.stderr ?? null, documents }
  })
  const { value, stderr } = groupFigure(members, weightBySize)
  const result: GroupResult = {
    name,
    alias: name,
    sample_len: members.reduce((sum, { documents }) => sum + documents, 0),
    metric,
    weight_by_size: weightBySize,
    ...(clustered ? { clustered } : {}),
    note,
  }
  result[`${metric},none`] = statistic(value)
  result[`${metric}_stderr,none`] = statistic(stderr)
  if (clustered) {
    const weights = members.map(({ documents }) => (weightBySize ? documents : 1))
    const means = members.map((member) => member.value)
    result[`${metric}_clustered_stderr,none`] = statistic(clusteredGroupError(means, weights))
  }
  return result
}

function taskRecord(task: TaskParts, { name: _, ...shared }: PolicyRecord): TaskRecord {
  return {
    suite: { version: task.version, protocol: task.protocol, output: task.output },
    data: task.data,
    documents: task.documents,
    documents_scored: task.documentsScored ?? task.documents,
    requests: task.counts.requests,
    chance: task.chance ?? null,
    tokens_scored: task.counts.tokens,
    tokens_run: task.tokensRun,
    policy: task.policy ?? shared,
    sparsity: sparsityOf(task.counts),
    per_document: task.perDocument,
    identity: identityOf(task.identity),
    identity_parts: task.identity,
    samples: task.samples ?? null,
    reference: [...(task.reference ?? [])],
  }
}

/** One set of parts for the whole run: each part hashes that part of every task, in the order they ran. */
export function pooledIdentity(
  tasks: readonly Pick<TaskParts, 'name' | 'identity'>[],
  model: Pick<ModelRecord, 'sha256'>,
): IdentityParts {
  const pool = (part: keyof IdentityParts): string =>
    sha256(JSON.stringify(tasks.map((task) => [task.name, task.identity[part]])))
  return { data: pool('data'), requests: pool('requests'), protocol: pool('protocol'), model: model.sha256 }
}

const statistic = (value: number | null): Statistic =>
  value === null || !Number.isFinite(value) ? 'N/A' : value

const rate = (count: number, seconds: number): number => (seconds > 0 ? count / seconds : 0)
