/** A prepared run and a device -> its record. */
import { Engine } from '../engine/engine.js'
import { type DropRule, KEEP_EVERYTHING } from '../engine/gpt2/forward.js'
import type { AdapterTraits } from '../engine/tuning.js'
import type { Failure } from '../errors.js'
import { addScore, buildRecord, emptyCounts, type ScoreCounts, type TaskParts } from '../record/build.js'
import { sampleLine } from '../record/samples.js'
import type {
  CalibrationRecord,
  EnvironmentRecord,
  EvalRecord,
  ModelRecord,
  PolicyRecord,
} from '../record/schema.js'
import { type Calibration, calibrate } from './calibrate.js'
import { aggregate, type DocumentMetrics, documentMetrics, higherIsBetter } from './metrics.js'
import { tokensRun } from './plan.js'
import type { PreparedRun } from './prepare-run.js'
import { type Scored, scoreRequests } from './score.js'
import type { Task } from './task.js'

/** The open device, as far as a run is concerned. */
export interface RunDevice {
  device: GPUDevice
  lost: Promise<Failure>
  adapter: AdapterTraits
}

export type RunEvent =
  | { stage: 'load'; done: number; total: number }
  | { stage: 'calibrate'; evaluations: number; shift: number; sparsity: number }
  /** `done` and `total` count requests; `metric` is the task's first metric over the documents scored so far. */
  | { stage: 'score'; task: string; done: number; total: number; metric: string }

export interface RunHooks {
  onEvent?: (event: RunEvent) => void
  /** Every scored request, as its document's line of the sample log. */
  onSamples?: (task: string, lines: ReturnType<typeof sampleLine>[]) => Promise<void>
  /** Aborting ends the run after the batches in flight, with an incomplete record. */
  signal?: AbortSignal
}

export interface RunContext {
  environment: EnvironmentRecord
  started: Date
  command: readonly string[]
  /** File name of a task's sample log, null when none is kept. */
  samplesName: (task: string) => string | null
}

/** Tokens of a batch: enough to fill the adapter, little enough to see progress on a software one. */
const BATCH_TOKENS: Record<AdapterTraits['kind'], number> = {
  hardware: 8192,
  llvmpipe: 2048,
  swiftshader: 2048,
  software: 2048,
}

export async function runEval(
  prepared: PreparedRun,
  { device, lost, adapter }: RunDevice,
  context: RunContext,
  { onEvent, onSamples, signal }: RunHooks = {},
): Promise<EvalRecord> {
  const { checkpoint, dtype, policy, tasks, options } = prepared
  const clock = stopwatch()
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, {
    device,
    lost,
    adapter,
    dtype,
    onLoad: (done, total) => onEvent?.({ stage: 'load', done, total }),
  })
  try {
    const weightsSha256 = await checkpoint.weightsSha256()
    const load = clock.lap()
    const calibration = await calibrateRun(engine, prepared, signal, onEvent)
    const calibrateSeconds = clock.lap()
    const rule = dropRule(prepared, calibration)
    const batchTokens = Math.min(BATCH_TOKENS[adapter.kind], engine.maxRows)
    const limits = { tokens: batchTokens, requests: options.batchSize ?? Number.POSITIVE_INFINITY }
    const results: TaskParts[] = []
    for (const task of tasks) {
      const scored = await scoreTask(engine, task, { rule, limits, signal, onEvent, onSamples })
      results.push(
        taskParts(task, scored, context, weightsSha256, tokensRun(task.requests, { limits, share: true })),
      )
    }
    const score = clock.lap()
    const complete = results.every(({ documents, documentsScored }) => documents === documentsScored)
    const ledger = engine.ledger()
    const { total, ...purposes } = ledger
    return buildRecord({
      status: complete ? 'complete' : 'incomplete',
      started: context.started,
      model: modelRecord(prepared, weightsSha256),
      policy: policyRecord(prepared, rule, calibration, calibrateSeconds),
      requested: policy.sparsity,
      environment: context.environment,
      seconds: {
        load,
        calibrate: calibrateSeconds,
        score,
        total: (Date.now() - context.started.getTime()) / 1000,
      },
      memory: {
        peak: total.peak,
        byPurpose: Object.fromEntries(Object.entries(purposes).map(([purpose, { peak }]) => [purpose, peak])),
        hostRss: process.memoryUsage.rss(),
      },
      tasks: results,
      seed: options.seed,
      limit: options.limit ?? null,
      batchTokens,
      command: context.command,
    })
  } finally {
    engine.close()
  }
}

/** Null when the checkpoint's own threshold is used, and when nothing is to be dropped. */
async function calibrateRun(
  engine: Engine,
  { policy, tasks, options }: PreparedRun,
  signal: AbortSignal | undefined,
  onEvent: RunHooks['onEvent'],
): Promise<Calibration | null> {
  if (policy.sparsity === null || policy.sparsity === 0) return null
  let evaluations = 0
  return calibrate(
    engine,
    tasks.flatMap(({ requests }) => requests),
    {
      sparsity: policy.sparsity,
      seed: options.seed,
      signal,
      onEvaluation: ({ shift, sparsity }) =>
        onEvent?.({ stage: 'calibrate', evaluations: ++evaluations, shift, sparsity }),
    },
  )
}

function dropRule({ policy }: PreparedRun, calibration: Calibration | null): DropRule {
  if (policy.name === 'dense') return { kind: 'dense' }
  if (policy.sparsity === 0) return { kind: 'adaptive', shift: KEEP_EVERYTHING }
  return { kind: 'adaptive', shift: calibration?.shift ?? 0 }
}

/** What scoring a task has given so far. */
interface ScoredTask {
  counts: ScoreCounts
  /** Of the documents scored whole, in order. */
  documents: DocumentMetrics[]
}

async function scoreTask(
  engine: Engine,
  task: Task,
  options: Pick<RunHooks, 'signal' | 'onEvent' | 'onSamples'> & {
    rule: DropRule
    limits: { tokens: number; requests: number }
  },
): Promise<ScoredTask> {
  const { suite, requests, requestCounts, examples } = task
  const scored: ScoredTask = { counts: emptyCounts(engine.config.nLayer), documents: [] }
  let done = 0
  let open: Scored[] = []
  options.onEvent?.({ stage: 'score', task: suite.name, done, total: requests.length, metric: '' })
  for await (const batch of scoreRequests(engine, requests, options)) {
    const lines: ReturnType<typeof sampleLine>[] = []
    for (const one of batch) {
      open.push(one)
      done++
      const doc = one.request.doc
      if (open.length < requestCounts[doc]) continue
      // Only whole documents count, so that an interrupted run's figures are over whole documents.
      const metrics = documentMetrics(
        suite,
        examples[doc],
        open.map(({ score }) => score),
      )
      scored.documents.push(metrics)
      for (const { request, score } of open)
        scored.counts = addScore(scored.counts, request.input.length, score)
      lines.push(...documentLines(task, doc, open, metrics))
      open = []
    }
    await options.onSamples?.(suite.name, lines)
    options.onEvent?.({
      stage: 'score',
      task: suite.name,
      done,
      total: requests.length,
      metric: running(task, scored),
    })
  }
  return scored
}

function documentLines(task: Task, doc: number, scored: readonly Scored[], metrics: DocumentMetrics) {
  const { suite, examples, documentHashes } = task
  const { gold, choiceLengths, counts } = examples[doc]
  const document = { hash: documentHashes[doc], requests: scored.length, gold }
  return scored.map(({ request, score }, i) =>
    sampleLine({
      task: suite.name,
      document,
      request: { ...request, doc: examples[doc].docId },
      score,
      units: choiceLengths.length > 0 ? { chars: choiceLengths[i] } : (counts ?? {}),
      metrics: i === scored.length - 1 ? (metrics as Record<string, number | number[]>) : undefined,
    }),
  )
}

/** The first metric so far, for the progress line. */
function running({ suite }: Task, { documents }: ScoredTask): string {
  const [name] = suite.metrics
  const value = aggregate({ ...suite, metrics: [name] }, documents, { bootstrapIterations: 0 })[
    `${name},none`
  ]
  return typeof value === 'number' ? `${name} ${value.toFixed(4)}` : ''
}

function taskParts(
  { suite, origin, examples, identity }: Task,
  { counts, documents }: ScoredTask,
  { samplesName }: RunContext,
  model: string,
  tokensRun: number,
): TaskParts {
  const figures = aggregate(suite, documents)
  const better = higherIsBetter(suite)
  return {
    name: suite.name,
    version: suite.version,
    protocol: suite.protocol,
    shots: 0,
    metrics: suite.metrics.map((name) => {
      const value = figures[`${name},none`]
      const stderr = figures[`${name}_stderr,none`]
      return {
        name,
        value: typeof value === 'number' ? value : Number.NaN,
        stderr: typeof stderr === 'number' ? stderr : null,
        higherIsBetter: better[name],
      }
    }),
    data: origin,
    documents: examples.length,
    documentsScored: documents.length,
    counts,
    tokensRun,
    identity: { data: identity.data, requests: identity.requests, protocol: identity.protocol, model },
    samples: samplesName(suite.name),
    reference: suite.reference.map(({ model, metric, value, source }) => ({ model, metric, value, source })),
  }
}

function modelRecord({ model, checkpoint, tokenizer, dtype }: PreparedRun, sha256: string): ModelRecord {
  const { config, parameters, bytes, storedDtype } = checkpoint
  return {
    id: model.id,
    source: model.source,
    revision: model.revision,
    sha256,
    tokenizer_sha256: tokenizer.sha256,
    parameters,
    bytes,
    dtype,
    stored_dtype: STORED_DTYPE_NAMES[storedDtype],
    config: {
      vocab_size: config.vocabSize,
      n_positions: config.nPositions,
      n_embd: config.nEmbd,
      n_layer: config.nLayer,
      n_head: config.nHead,
      n_inner: config.nInner,
      int_n_embd: config.interaction?.dim ?? null,
    },
  }
}

function policyRecord(
  { policy, checkpoint, options }: PreparedRun,
  rule: DropRule,
  calibration: Calibration | null,
  seconds: number,
): PolicyRecord {
  const { interaction } = checkpoint.config
  const pruned = rule.kind === 'adaptive'
  return {
    name: policy.name,
    parameters: pruned ? { propagate_in_depth: interaction?.propagateInDepth ?? false } : {},
    threshold_shift: pruned ? rule.shift : null,
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

const STORED_DTYPE_NAMES = { F32: 'f32', F16: 'f16', BF16: 'bf16', mixed: 'mixed' } as const

function stopwatch(): { lap(): number } {
  let last = performance.now()
  return {
    lap() {
      const now = performance.now()
      const seconds = (now - last) / 1000
      last = now
      return seconds
    },
  }
}
