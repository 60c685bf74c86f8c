/** A prepared run and a model -> its record: find the rule, score what is not scored yet, sum up. */
import type { Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { requestedSparsity } from '../pruning/level.js'
import type { EnvironmentRecord } from '../record/common.js'
import { buildRecord } from '../record/eval/build.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { BATCH_TOKENS, planBatchTokens } from '../run/batch-tokens.js'
import { type BusyClock, busyClock } from '../run/busy-clock.js'
import { memoryParts } from '../run/memory.js'
import { modelRecord } from '../run/model-record.js'
import { type OpenModel, openModel, type RunDevice } from '../run/open-model.js'
import { type OnProgress, searchProgress } from '../run/progress.js'
import { stopwatch } from '../run/stopwatch.js'
import { groupParts } from '../suites/groups.js'
import { type Bootstrapped, type MetricItem, runningFigure } from '../suites/metrics.js'
import type { Request } from '../suites/request.js'
import type { Task } from '../suites/task.js'
import { bootstrapLong } from './bootstrap.js'
import { chooseRules, type SearchOptions, sharedPolicy, type TaskRule } from './choose-rules.js'
import { checkDocuments } from './logged.js'
import { type BatchLimits, tokensRun } from './plan.js'
import type { PreparedRun } from './prepare-run.js'
import { checkSameRun, type EarlierRun } from './resume.js'
import { taskParts } from './run-record.js'
import { documentLines, emptyDocumentLine } from './sample-lines.js'
import { type Scored, type ScoreOptions, scoreRequests } from './score.js'
import { shardRows } from './shard.js'
import { tally } from './tally.js'

export interface RunHooks {
  onProgress?: OnProgress
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
  const [first = 'dense', ...more] = ruleKinds(prepared)
  const model = await openModel(prepared, device, [first, ...more], hooks)
  try {
    return await runOn(model, prepared, context, hooks)
  } finally {
    model.engine.close()
  }
}

/** Each once; that of a shift which is not found yet is known. */
export function ruleKinds({ parts }: PreparedRun): DropRule['kind'][] {
  return [...new Set(parts.map(({ rule }): DropRule['kind'] => rule?.kind ?? 'adaptive'))]
}

/** The same on a model that is open already, and stays so. */
export async function runOn(
  model: OpenModel,
  prepared: PreparedRun,
  context: RunContext,
  { onProgress, onStart, onSamples, signal }: RunHooks = {},
): Promise<RunResult> {
  const { engine } = model
  const lap = stopwatch()
  const earlier = context.earlier?.run ?? null
  const work = prepared.tasks.map((task) => taskWork(task, prepared, earlier))
  const limits = batchLimits(model, prepared)
  const seconds: Seconds = { load: model.seconds, calibrate: 0, score: 0, busy: null }
  const rules = await chooseRules(engine, prepared, earlier, {
    batchTokens: limits.tokens,
    signal,
    onTry: searchesProgress(onProgress),
  })
  seconds.calibrate = lap()
  const summary = (): Promise<EvalRecord> =>
    summarise({ model, prepared, context, work, limits, seconds, rules, onProgress })
  const start = await summary()
  if (context.earlier) checkSameRun(context.earlier.path, context.earlier.run.record, start)
  for (const { task, chosen, lines } of work) checkDocuments(task, chosen, lines)
  await onStart?.(start)
  const busy = busyClock()
  for (const one of work) {
    const rule = rules.get(one.task.suite.name)?.rule ?? null
    if (rule === null) continue
    await scoreTask(engine, one, { rule, limits, signal, busy }, { onProgress, onSamples })
  }
  seconds.score = lap()
  seconds.busy = busy.seconds()
  const lines = new Map(work.map(({ task, lines }) => [task.suite.name, lines]))
  return { record: await summary(), lines }
}

/** Each search is a task of its own. */
function searchesProgress(onProgress: OnProgress | undefined): SearchOptions['onTry'] {
  const shown = new Map<string | null, ReturnType<typeof searchProgress>>()
  return (tried, suite) => {
    const title = `Calibrating the drop threshold${suite === null ? '' : ` of ${suite}`}`
    const show = shown.get(suite) ?? searchProgress(onProgress, title)
    shown.set(suite, show)
    show(tried)
  }
}

interface Seconds {
  load: number
  calibrate: number
  score: number
  /** That the device worked; null where it has no clock. */
  busy: number | null
}

function batchLimits(
  { engine, adapter, memoryLimit = Number.POSITIVE_INFINITY }: OpenModel,
  { tasks, options }: PreparedRun,
): BatchLimits {
  const tokens = planBatchTokens({
    wanted: options.batchTokens ?? BATCH_TOKENS[adapter.kind],
    most: engine.maxRows,
    longest: Math.max(1, ...tasks.map(longestInput)),
    free: memoryLimit - engine.ledger().total.bytes,
    bytes: (rows) => engine.estimateBytes(rows),
  })
  return { tokens, requests: options.batchSize ?? Number.POSITIVE_INFINITY }
}

interface Summary {
  model: OpenModel
  prepared: PreparedRun
  context: RunContext
  work: readonly TaskWork[]
  limits: BatchLimits
  seconds: Seconds
  rules: ReadonlyMap<string, TaskRule>
  onProgress?: OnProgress
}

/** The record of what is scored so far. */
async function summarise(facts: Summary): Promise<EvalRecord> {
  const { model, prepared, context, work, limits, rules, onProgress } = facts
  const { checkpoint, options } = prepared
  const tallies = work.map(({ task, lines }) => tally(task.suite, lines, checkpoint.config.nLayer))
  const bootstrapped: Bootstrapped[] = []
  for (const [i, { task }] of work.entries()) {
    const title = `Bootstrapping the standard error of ${task.suite.name}`
    bootstrapped.push(
      await bootstrapLong(task.suite, tallies[i].documents, {
        onProgress: (done, total) => onProgress?.({ task: title, done, total, unit: 'replicates' }),
      }),
    )
  }
  return buildRecord({
    status: work.every(({ chosen }, i) => chosen.size === tallies[i].rows.size) ? 'complete' : 'incomplete',
    started: context.started,
    model: modelRecord(prepared, model.sha256),
    policy: sharedPolicy(prepared, rules),
    calibrated: prepared.scope,
    requested: requestedSparsity(prepared.level),
    environment: context.environment,
    seconds: { ...facts.seconds, total: (Date.now() - context.started.getTime()) / 1000 },
    memory: memoryParts(model.engine),
    tasks: work.map(({ task }, i) => {
      const scored = task.requests.filter(({ doc }) => tallies[i].rows.has(doc))
      return taskParts(task, tallies[i], {
        model: model.sha256,
        tokensRun: tokensRun(scored, { limits, share: true }),
        samples: context.samplesName(task.suite.name),
        bootstrapped: bootstrapped[i],
        policy: rules.get(task.suite.name)?.found,
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
  { onProgress, onSamples }: Pick<RunHooks, 'onProgress' | 'onSamples'>,
): Promise<void> {
  const { suite, requestCounts } = task
  const done = new Set(lines.map(({ row }) => row))
  const all = task.requests.filter(({ doc }) => chosen.has(doc))
  const requests: Request[] = all.filter(({ doc }) => !done.has(doc))
  const empty = [...chosen]
    .filter((row) => requestCounts[row] === 0 && !done.has(row))
    .map((row) => emptyDocumentLine(task, row, engine.config.nLayer))
  lines.push(...empty)
  await onSamples?.(suite.name, empty)
  const figure = runningMetric(task, lines)
  const tell = (scored: number): void =>
    onProgress?.({
      task: `Scoring ${suite.name}`,
      done: scored,
      total: all.length,
      unit: 'requests',
      info: figure.text(),
    })
  let scored = all.length - requests.length
  tell(scored)
  let open: Scored[] = []
  for await (const batch of scoreRequests(engine, requests, { ...scoring, suite: suite.name })) {
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
    figure.add(fresh)
    await onSamples?.(suite.name, fresh)
    tell(scored)
  }
}

/** The first metric over the documents there are, for the progress line. */
function runningMetric({ suite }: Task, lines: readonly SampleLine[]) {
  const [name] = suite.metrics
  const figure = runningFigure(name)
  const add = (more: readonly SampleLine[]): void => {
    for (const { metrics } of more) if (metrics) figure.add(metrics[name] as MetricItem)
  }
  add(lines)
  return {
    add,
    text(): string {
      const value = figure.value()
      return value === null ? '' : `${name} ${value.toFixed(4)}`
    },
  }
}
