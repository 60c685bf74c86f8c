/** A prepared sweep and a device -> its record: one model, cell after cell, then perplexity, then memory and latency. */
import type { PreparedBench } from '../bench/prepare.js'
import { runBench } from '../bench/run.js'
import { Failure } from '../errors.js'
import type { PreparedRun } from '../eval/prepare-run.js'
import { recordRun } from '../eval/record-run.js'
import { runOn } from '../eval/run.js'
import type { PreparedPpl } from '../ppl/prepare.js'
import { pplOn } from '../ppl/run.js'
import { ruleKindOf } from '../pruning/level.js'
import type { BenchRecord } from '../record/bench/schema.js'
import type { EnvironmentRecord } from '../record/common.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { type OutputTarget, writeRecord } from '../record/io/store.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { checkResumed, SAME_SWEEP } from '../record/same-run.js'
import type { SweepPlan } from '../record/sweep/plan.js'
import type { SweepRecord } from '../record/sweep/schema.js'
import { type OpenModel, openModel, type RunDevice } from '../run/open-model.js'
import type { OnProgress } from '../run/progress.js'
import { planUnits } from './estimate.js'
import { besideRecord, partPlace } from './files.js'
import { keptBench, keptCell, keptPpl } from './kept.js'
import type { PreparedCell, PreparedSweep } from './prepare.js'
import { probeSpeeds } from './probe.js'
import { type Done, gridOf, settingsOf, sweepRecord } from './run-record.js'

export interface SweepHooks {
  onProgress?: OnProgress
  /** The record before anything is measured. */
  onStart: (record: SweepRecord) => Promise<void>
  /** The record so far, after every part of it. */
  onRecord: (record: SweepRecord) => Promise<void>
  /** Told what is to be done, before anything is measured. */
  onPlan?: (plan: SweepPlan) => void
  /** Aborting ends the sweep after the work in flight. */
  signal?: AbortSignal
}

export interface SweepContext {
  environment: EnvironmentRecord
  started: Date
  /** Of the working files. */
  folder: string
  /** Go on with what is in it. */
  resume: boolean
  /** The record of an earlier run, and where it was read from. */
  earlier: { path: string; record: SweepRecord } | null
  /** Nothing but the plan. */
  dryRun: boolean
}

export interface Swept {
  plan: SweepPlan
  /** Null of a dry run. */
  record: SweepRecord | null
}

export async function runSweep(
  prepared: PreparedSweep,
  device: RunDevice,
  context: SweepContext,
  hooks: SweepHooks,
): Promise<Swept> {
  const policies = prepared.cells.map(({ level }) => level.policy)
  const others = new Set(policies.filter((policy) => policy !== 'dense'))
  const model = await openModel(prepared, device, ['dense', ...[...others].map(ruleKindOf)], hooks)
  const done: Done = { evals: new Map(), ppl: null, bench: null, estimated: 0 }
  const work: Work = { prepared, device, model, context, hooks, done }
  const write = (): Promise<void> => hooks.onRecord(sweepRecord(work, done))
  const stopped = (): boolean => hooks.signal?.aborted ?? false
  try {
    const { earlier } = context
    if (earlier !== null)
      checkResumed(earlier.path, 'sweep', SAME_SWEEP, earlier.record, sweepRecord(work, done))
    if (context.resume) await keepFinished(work)
    const plan = await planOf(work)
    hooks.onPlan?.(plan)
    if (context.dryRun) return { plan, record: null }
    done.estimated = plan.seconds
    await hooks.onStart(sweepRecord(work, done))
    // What was planned for one kind of batch is in the way of the next.
    model.engine.releaseActivations()
    for (const [place, cell] of prepared.cells.entries()) {
      if (stopped() || cell.run === null || done.evals.has(cell.id)) continue
      done.evals.set(cell.id, await evalCell(work, { ...cell, run: cell.run }, place))
      await write()
    }
    if (prepared.ppl !== null && done.ppl?.status !== 'complete' && !stopped()) {
      model.engine.releaseActivations()
      done.ppl = await measurePpl(work, prepared.ppl)
      await write()
    }
    if (prepared.bench !== null && done.bench === null && !stopped()) {
      model.engine.releaseActivations()
      done.bench = await measureBench(work, prepared.bench)
      await write()
    }
    return { plan, record: sweepRecord(work, done) }
  } finally {
    model.engine.close()
  }
}

interface Work {
  prepared: PreparedSweep
  device: RunDevice
  model: OpenModel
  context: SweepContext
  hooks: SweepHooks
  done: Done
}

async function keepFinished({ prepared, model, context, done }: Work): Promise<void> {
  const { folder } = context
  const settings = settingsOf({ prepared, model, context })
  for (const { id, run } of prepared.cells) {
    const kept = run && (await keptCell(folder, id, run, settings))
    if (kept?.record) done.evals.set(id, inSweep(folder, kept.record))
  }
  if (prepared.ppl !== null) done.ppl = await keptPpl(folder, prepared.ppl, settings)
  done.bench = await keptBench(folder, prepared, settings)
}

async function planOf({ prepared, model, done }: Work): Promise<SweepPlan> {
  const began = performance.now()
  const speeds = await probeSpeeds(model, prepared)
  const plan = planUnits(prepared, gridOf(prepared), speeds, {
    cells: new Set(done.evals.keys()),
    contexts: new Set(done.ppl?.contexts.map(({ ctx }) => ctx)),
    bench: done.bench !== null,
  })
  return { ...plan, probe_s: (performance.now() - began) / 1000 }
}

/** As `asp eval --resume` does it, on the model that is open. */
async function evalCell(
  { prepared, model, context, hooks }: Work,
  { id, run }: PreparedCell & { run: PreparedRun },
  place: number,
): Promise<EvalRecord> {
  const { folder, environment, resume } = context
  const settings = settingsOf({ prepared, model, context })
  const { earlier } = resume ? await keptCell(folder, id, run, settings) : { earlier: null }
  const started = new Date()
  const part = partPlace(folder, id)
  const files = {
    place: part,
    earlier,
    keepsLogs: true,
    begin: (record: object) => writeRecord(part, record),
    write: (record: object) => keepPart(part, record),
  }
  const { record } = await recordRun(run.tasks, files, ({ samplesName, earlier, ...writing }) =>
    runOn(
      { ...model, seconds: 0 },
      run,
      { environment, started, command: prepared.options.command, samplesName, earlier },
      {
        ...writing,
        signal: hooks.signal,
        onProgress: within(hooks, `Cell ${place + 1} of ${prepared.cells.length}, ${id}`),
      },
    ),
  )
  return inSweep(folder, record)
}

/** Its sample logs as the sweep's record names them. */
function inSweep(folder: string, record: EvalRecord): EvalRecord {
  const tasks = Object.entries(record.tasks).map(([name, task]) => {
    const samples = task.samples === null ? null : besideRecord(folder, task.samples)
    return [name, { ...task, samples }] as const
  })
  return { ...record, tasks: Object.fromEntries(tasks) }
}

/** Context length by context length: each is written once it is measured. */
async function measurePpl(
  { prepared, model, context, hooks, done }: Work,
  ppl: PreparedPpl,
): Promise<PplRecord> {
  const place = partPlace(context.folder, 'ppl')
  const write = (record: PplRecord): Promise<void> => keepPart(place, record)
  const { environment } = context
  const { command } = prepared.options
  const record = await pplOn(
    { ...model, seconds: 0 },
    ppl,
    { environment, started: new Date(), command, earlier: done.ppl },
    { onContext: write, signal: hooks.signal, onProgress: within(hooks, 'Perplexity') },
  )
  await write(record)
  return record
}

async function measureBench(
  { prepared: { dtype }, device, model, context: { folder, environment }, hooks }: Work,
  bench: PreparedBench,
): Promise<BenchRecord> {
  const context = { environment, started: new Date(), open: new Map([[dtype, model.engine]]) }
  const record = await runBench(bench, device, context, {
    signal: hooks.signal,
    onProgress: within(hooks, 'Memory and latency'),
  })
  await keepPart(partPlace(folder, 'bench'), record)
  return record
}

/** What was measured is in the sweep's record too: it is not lost with its working file. */
async function keepPart(place: OutputTarget, record: object): Promise<void> {
  await writeRecord(place, record).catch((cause: unknown) => {
    if (!(cause instanceof Failure)) throw cause
  })
}

/** Progress of one part, under a title that says which. */
function within({ onProgress }: SweepHooks, part: string): OnProgress {
  return (event) => onProgress?.({ ...event, task: `${part}: ${lowerFirst(event.task)}` })
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
