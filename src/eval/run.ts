/** A prepared run and a model -> its record: calibrate, score what is not scored yet, sum up. */
import type { Engine } from '../engine/engine.js'
import { buildRecord } from '../record/eval/build.js'
import type { SampleLine } from '../record/eval/samples.js'
import type { EnvironmentRecord, EvalRecord } from '../record/eval/schema.js'
import { BATCH_TOKENS, planBatchTokens } from '../run/batch-tokens.js'
import { type BusyClock, busyClock } from '../run/busy-clock.js'
import { modelRecord } from '../run/model-record.js'
import { type OpenModel, openModel, type RunDevice } from '../run/open-model.js'
import { groupParts } from '../suites/groups.js'
import { aggregate, type Bootstrapped } from '../suites/metrics.js'
import type { Request } from '../suites/request.js'
import type { Task } from '../suites/task.js'
import { bootstrapLong } from './aggregate.js'
import { tokensRun } from './plan.js'
import type { PreparedRun } from './prepare-run.js'
import { checkSameRun, type EarlierRun } from './resume.js'
import { type CalibrationEvent, chooseRule, type RunPolicy } from './run-policy.js'
import { taskParts } from './run-record.js'
import { documentLines } from './sample-lines.js'
import { type Scored, type ScoreOptions, scoreRequests } from './score.js'
import { shardRows } from './shard.js'
import { tally } from './tally.js'

export type RunEvent =
  | { stage: 'load'; done: number; total: number }
  | CalibrationEvent
  /** `done` and `total` count requests; `metric` is the task's first metric over the documents scored so far. */
  | { stage: 'score'; task: string; done: number; total: number; metric: string }
  /** Replicates of a standard error that takes long. */
  | { stage: 'bootstrap'; task: string; done: number; total: number }

export interface RunHooks {
  onEvent?: (event: RunEvent) => void
  /** The record as far as it is known, before anything is scored: what a later `--resume` goes by. */
  onStart?: (record: EvalRecord) => Promise<void>
  /** Every scored document's lines of the sample log. */
  onSamples?: (task: string, lines: SampleLine[]) => Promise<void>
  /** Aborting ends the run after the batches in flight, with an incomplete record. */
  signal?: AbortSignal
}

export interface RunResult {
  record: EvalRecord
  /** Sample lines by task, those of an interrupted run included. */
  lines: Map<string, SampleLine[]>
}

export interface RunContext {
  environment: EnvironmentRecord
  started: Date
  command: readonly string[]
  /** File name of a task's sample log, null when none is kept. */
  samplesName: (task: string) => string | null
  /** What an interrupted run of the same kind left, and the path it was read from. */
  earlier?: { path: string; run: EarlierRun } | null
}

export async function runEval(
  prepared: PreparedRun,
  device: RunDevice,
  context: RunContext,
  hooks: RunHooks = {},
): Promise<RunResult> {
  const onLoad = (done: number, total: number): void => hooks.onEvent?.({ stage: 'load', done, total })
  const model = await openModel(prepared, device, [prepared.policy.name], onLoad)
  try {
    return await runOn(model, prepared, context, hooks)
  } finally {
    model.engine.close()
  }
}

/** The same on a model that is open already, and stays so. */
export async function runOn(
  { engine, sha256, seconds: loading, adapter, memoryLimit }: OpenModel,
  prepared: PreparedRun,
  context: RunContext,
  { onEvent, onStart, onSamples, signal }: RunHooks = {},
): Promise<RunResult> {
  const { checkpoint, tasks, options } = prepared
  const clock = stopwatch()
  const earlier = context.earlier?.run ?? null
  const work = tasks.map((task) => taskWork(task, prepared, earlier))
  const limits = {
    tokens: planBatchTokens({
      wanted: options.batchTokens ?? BATCH_TOKENS[adapter.kind],
      most: engine.maxRows,
      longest: Math.max(1, ...tasks.map(longestInput)),
      free: (memoryLimit ?? Number.POSITIVE_INFINITY) - engine.ledger().total.bytes,
      bytes: (tokens) => engine.estimateBytes(tokens),
    }),
    requests: options.batchSize ?? Number.POSITIVE_INFINITY,
  }
  const seconds = { load: loading, calibrate: 0, score: 0, busy: null as number | null, total: 0 }
  const summary = async (policy: RunPolicy): Promise<EvalRecord> => {
    const { total, ...purposes } = engine.ledger()
    const layers = checkpoint.config.nLayer
    const tallies = work.map(({ task, lines }) => tally(task.suite, lines, layers))
    const bootstrapped: Bootstrapped[] = []
    for (const [i, { task }] of work.entries()) {
      const tell = (done: number, total: number): void =>
        onEvent?.({ stage: 'bootstrap', task: task.suite.name, done, total })
      bootstrapped.push(await bootstrapLong(task.suite, tallies[i].documents, { onProgress: tell }))
    }
    return buildRecord({
      status: work.every(({ chosen }, i) => chosen.size === tallies[i].rows.size) ? 'complete' : 'incomplete',
      started: context.started,
      model: modelRecord(prepared, sha256),
      policy: policy.record,
      requested: prepared.policy.sparsity,
      environment: context.environment,
      seconds: { ...seconds, total: (Date.now() - context.started.getTime()) / 1000 },
      memory: {
        peak: total.peak,
        byPurpose: Object.fromEntries(Object.entries(purposes).map(([purpose, { peak }]) => [purpose, peak])),
        hostRss: process.memoryUsage.rss(),
      },
      tasks: work.map(({ task }, i) => {
        const scored = task.requests.filter(({ doc }) => tallies[i].rows.has(doc))
        return taskParts(task, tallies[i], {
          model: sha256,
          tokensRun: tokensRun(scored, { limits, share: true }),
          samples: context.samplesName(task.suite.name),
          bootstrapped: bootstrapped[i],
        })
      }),
      groups: groupParts(prepared.groups),
      shard: options.shard ?? null,
      seed: options.seed,
      limit: options.limit ?? null,
      batchTokens: limits.tokens,
      command: context.command,
    })
  }
  const policy = await chooseRule(engine, prepared, earlier, {
    batchTokens: limits.tokens,
    signal,
    onEvent,
  })
  seconds.calibrate = clock.lap()
  const start = await summary(policy)
  if (context.earlier) checkSameRun(context.earlier.path, context.earlier.run.record, start)
  await onStart?.(start)
  const busy = busyClock()
  if (policy.rule !== null) {
    const scoring = { rule: policy.rule, limits, signal, busy }
    for (const one of work) await scoreTask(engine, one, scoring, { onEvent, onSamples })
  }
  seconds.score = clock.lap()
  seconds.busy = busy.seconds()
  const lines = new Map(work.map(({ task, lines }) => [task.suite.name, lines]))
  return { record: await summary(policy), lines }
}

function longestInput({ requests }: Task): number {
  return requests.reduce((most, { input }) => Math.max(most, input.length), 0)
}

/** What is to be done of a task, and what is there of it already. */
interface TaskWork {
  task: Task
  /** Places of the documents this run (or shard) is to score. */
  chosen: Set<number>
  /** Of the documents scored so far, here or before an interruption. */
  lines: SampleLine[]
}

function taskWork(task: Task, { options }: PreparedRun, earlier: EarlierRun | null): TaskWork {
  const sizes = new Array<number>(task.examples.length).fill(0)
  for (const { doc, input } of task.requests) sizes[doc] += input.length
  const chosen = options.shard ? shardRows(sizes, options.shard) : new Set(sizes.keys())
  return { task, chosen, lines: [...(earlier?.tasks.get(task.suite.name)?.lines ?? [])] }
}

async function scoreTask(
  engine: Engine,
  { task, chosen, lines }: TaskWork,
  scoring: ScoreOptions & { busy: BusyClock },
  { onEvent, onSamples }: Pick<RunHooks, 'onEvent' | 'onSamples'>,
): Promise<void> {
  const { suite, requestCounts } = task
  const done = new Set(lines.map(({ row }) => row))
  const all = task.requests.filter(({ doc }) => chosen.has(doc))
  const requests: Request[] = all.filter(({ doc }) => !done.has(doc))
  const average = runningMean(task, lines)
  const tell = (scored: number) =>
    onEvent?.({ stage: 'score', task: suite.name, done: scored, total: all.length, metric: average() })
  let scored = all.length - requests.length
  tell(scored)
  let open: Scored[] = []
  for await (const batch of scoreRequests(engine, requests, scoring)) {
    const fresh: SampleLine[] = []
    for (const one of batch) {
      open.push(one)
      // Only whole documents count and are logged, so that an interrupted run's figures are over whole documents.
      if (open.length < requestCounts[one.request.doc]) continue
      fresh.push(...documentLines(task, open))
      open = []
    }
    scored += batch.length
    lines.push(...fresh)
    await onSamples?.(suite.name, fresh)
    tell(scored)
  }
}

/** The first metric over the lines there are, for the progress line. */
function runningMean({ suite }: Task, lines: readonly SampleLine[]): () => string {
  const [name] = suite.metrics
  return () => {
    const documents = lines.flatMap(({ metrics }) => (metrics ? [metrics] : []))
    const figures = aggregate({ ...suite, metrics: [name] }, documents as never, { bootstrapIterations: 0 })
    const value = figures[`${name},none`]
    return typeof value === 'number' ? `${name} ${value.toFixed(4)}` : ''
  }
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
