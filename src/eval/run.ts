/** A prepared run and a device -> its record. */
import { Engine } from '../engine/engine.js'
import { type DropRule, KEEP_EVERYTHING } from '../engine/gpt2/forward.js'
import type { AdapterTraits } from '../engine/tuning.js'
import type { Failure } from '../errors.js'
import { addScore, buildRecord, emptyCounts, type TaskParts } from '../record/build.js'
import { sampleLine } from '../record/samples.js'
import type { EnvironmentRecord, EvalRecord } from '../record/schema.js'
import { type Calibration, calibrate } from './calibrate.js'
import { aggregate, type DocumentMetrics, documentMetrics } from './metrics.js'
import { tokensRun } from './plan.js'
import type { PreparedRun } from './prepare-run.js'
import { modelRecord, policyRecord, type ScoredTask, taskParts } from './run-record.js'
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
      const scored =
        rule === null
          ? nothingScored(engine)
          : await scoreTask(engine, task, { rule, limits, signal, onEvent, onSamples })
      const requests = task.requests.slice(0, scored.counts.requests)
      results.push(
        taskParts(task, scored, {
          model: weightsSha256,
          tokensRun: tokensRun(requests, { limits, share: true }),
          samples: context.samplesName(task.suite.name),
        }),
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

/** Whether the run looks for a shift: not for the checkpoint's own threshold, nor when nothing is to be dropped. */
function needsShift({ policy }: PreparedRun): boolean {
  return policy.sparsity !== null && policy.sparsity !== 0
}

/** Null when no shift is needed, and when the run was stopped before one was found. */
async function calibrateRun(
  engine: Engine,
  prepared: PreparedRun,
  signal: AbortSignal | undefined,
  onEvent: RunHooks['onEvent'],
): Promise<Calibration | null> {
  if (!needsShift(prepared)) return null
  const { policy, tasks, options } = prepared
  let evaluations = 0
  return calibrate(
    engine,
    tasks.flatMap(({ requests }) => requests),
    {
      sparsity: policy.sparsity ?? 0,
      seed: options.seed,
      signal,
      onEvaluation: ({ shift, sparsity }) =>
        onEvent?.({ stage: 'calibrate', evaluations: ++evaluations, shift, sparsity }),
    },
  ).catch((error: unknown) => {
    if (signal?.aborted && error === signal.reason) return null
    throw error
  })
}

/** Null when the shift was not found: a run stopped that early scores nothing. */
function dropRule(prepared: PreparedRun, calibration: Calibration | null): DropRule | null {
  const { policy } = prepared
  if (policy.name === 'dense') return { kind: 'dense' }
  if (policy.sparsity === 0) return { kind: 'adaptive', shift: KEEP_EVERYTHING }
  if (needsShift(prepared)) return calibration && { kind: 'adaptive', shift: calibration.shift }
  return { kind: 'adaptive', shift: 0 }
}

function nothingScored({ config }: Engine): ScoredTask {
  return { counts: emptyCounts(config.nLayer), documents: [] }
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
  const scored = nothingScored(engine)
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
