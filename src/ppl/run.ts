/** A prepared run and a model -> its record: for each context length find the shifts, score all rules at once, sum up. */
import type { Engine } from '../engine/engine.js'
import type { EnvironmentRecord, Status } from '../record/eval/schema.js'
import { buildPplRecord, type ContextParts } from '../record/ppl/build.js'
import type { WindowScore } from '../record/ppl/figures.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { BATCH_TOKENS, planBatchTokens } from '../run/batch-tokens.js'
import { busyClock } from '../run/busy-clock.js'
import { modelRecord } from '../run/model-record.js'
import { type OpenModel, openModel, type RunDevice } from '../run/open-model.js'
import { sum } from '../stats/basics.js'
import { findLevels } from './find-levels.js'
import { finishedContexts } from './finished.js'
import { fitLevel } from './levels.js'
import { emptyContext, protocolParts, scoredAmount, textParts } from './parts.js'
import type { PlannedContext, PreparedPpl } from './prepare.js'
import { DENSE_RULE, dropRule, ruleKinds, rulesOf } from './rules.js'
import { bytesOfBatch, scoreWindows } from './score.js'
import { type PplProgress, type WorkMeter, workMeters } from './work.js'

export type PplEvent =
  | { stage: 'load'; done: number; total: number }
  /** `done` and `total` count rows through the model, over the whole run. */
  | ({ stage: 'measure' } & PplProgress)

export interface PplHooks {
  onEvent?: (event: PplEvent) => void
  /** The record so far, after every context length but the last. */
  onContext?: (record: PplRecord) => Promise<void>
  /** Aborting ends the run after the batches in flight, with an incomplete record. */
  signal?: AbortSignal
}

export interface PplContext {
  environment: EnvironmentRecord
  started: Date
  command: readonly string[]
  /** What an interrupted run of the same settings left. */
  earlier?: PplRecord | null
}

export async function runPpl(
  prepared: PreparedPpl,
  device: RunDevice,
  context: PplContext,
  hooks: PplHooks = {},
): Promise<PplRecord> {
  const { levels, options } = prepared
  const onLoad = (done: number, total: number): void => hooks.onEvent?.({ stage: 'load', done, total })
  const kinds = ruleKinds(levels.levels, options.alpha)
  const model = await openModel(prepared, device, ['dense', ...kinds], onLoad)
  try {
    return await pplOn(model, prepared, context, hooks)
  } finally {
    model.engine.close()
  }
}

/** The same on a model that is open already, and stays so. */
export async function pplOn(
  { engine, sha256, seconds: load, adapter, memoryLimit }: OpenModel,
  prepared: PreparedPpl,
  { environment, started, command, earlier = null }: PplContext,
  { onEvent, onContext, signal }: PplHooks = {},
): Promise<PplRecord> {
  const { checkpoint, options, contexts, levels } = prepared
  const wanted = options.batchTokens ?? BATCH_TOKENS[adapter.kind]
  const batchTokens = batchLimit(engine, prepared, wanted, memoryLimit)
  const measured = contexts.map(emptyContext)
  const summary = (status: Status): PplRecord => {
    const { total, ...purposes } = engine.ledger()
    return buildPplRecord({
      status,
      started,
      text: textParts(prepared),
      protocol: protocolParts(prepared),
      model: modelRecord(prepared, sha256),
      policy: {
        name: levels.policies.join('+'),
        propagate_in_depth: checkpoint.config.interaction?.propagateInDepth ?? null,
      },
      contexts: measured,
      environment,
      seconds: { load, total: (Date.now() - started.getTime()) / 1000 },
      memory: {
        peak: total.peak,
        byPurpose: Object.fromEntries(Object.entries(purposes).map(([name, { peak }]) => [name, peak])),
        hostRss: process.memoryUsage.rss(),
      },
      seed: options.seed,
      limit: Number.isFinite(options.limit) ? options.limit : null,
      batchTokens,
      command,
    })
  }
  const known = earlier === null ? [] : finishedContexts(earlier, prepared, sha256)
  const meters = workMeters(prepared, (progress) => onEvent?.({ stage: 'measure', ...progress }))
  for (const [i, context] of contexts.entries()) {
    if (i > 0) await onContext?.(summary('incomplete'))
    const finished = known.find(({ ctx }) => ctx === context.ctx)
    if (finished !== undefined) {
      measured[i] = { ...emptyContext(context), finished }
      continue
    }
    measured[i] = await measureContext(engine, prepared, context, { batchTokens, signal, meter: meters[i] })
    const scored = measured[i].rules[0]?.scores.length ?? 0
    if (scored < context.windows.length) return summary('incomplete')
  }
  return summary('complete')
}

interface Measuring {
  batchTokens: number
  signal?: AbortSignal
  meter: WorkMeter
}

/** Fewer scored windows than planned when the signal came first; none when it came before all shifts were found. */
async function measureContext(
  engine: Engine,
  prepared: PreparedPpl,
  context: PlannedContext,
  { batchTokens, signal, meter }: Measuring,
): Promise<ContextParts> {
  const { ctx, windows } = context
  const { options, levels } = prepared
  const began = performance.now()
  meter.tell(`ctx ${ctx}`)
  const found = await findLevels(engine, context, levels.levels, {
    seed: options.seed,
    batchTokens,
    signal,
    onTry: (level, { shift, sparsity }) => {
      meter.tried(level)
      meter.tell(`ctx ${ctx}, shift ${shift.toFixed(3)}: sparsity ${sparsity.toFixed(3)}`)
    },
    onFound: (level) => meter.found(level),
  })
  const calibrate = secondsSince(began)
  if (found.length < levels.levels.length) return emptyContext(context)
  const heads = [DENSE_RULE, ...found.flatMap((level) => rulesOf(level, options.alpha))]
  const rules = heads.map((head) => ({ ...head, scores: [] as WindowScore[] }))
  const busy = busyClock()
  const scoring = { rules: heads.slice(1).map(dropRule), batchTokens, signal, busy }
  for await (const batch of scoreWindows(engine, windows, scoring)) {
    const first = rules[0].scores.length
    for (const window of batch) for (const [i, score] of window.entries()) rules[i].scores.push(score)
    const rows = sum(windows.slice(first, rules[0].scores.length).map(({ input }) => input.length))
    meter.scored(rows, rules.length)
    meter.tell(`ctx ${ctx}: ${rules.map(({ scores }) => meanLoss(scores).toFixed(3)).join(' ')} nats`)
  }
  return {
    ...emptyContext(context),
    rules,
    amount: scoredAmount(prepared, windows.slice(0, rules[0].scores.length)),
    seconds: { calibrate, score: secondsSince(began) - calibrate, adapter: busy.seconds() },
  }
}

/** So many tokens a batch that all rules' activations fit. */
function batchLimit(
  engine: Engine,
  { contexts, levels, options }: PreparedPpl,
  wanted: number,
  memoryLimit = Number.POSITIVE_INFINITY,
): number {
  const longest = Math.max(...contexts.map(({ ctx }) => ctx))
  const some = levels.levels.flatMap((level) =>
    rulesOf(
      'policy' in level
        ? fitLevel(level, longest)
        : { requested: null, shift: 0, sized: null, calibration: null },
      options.alpha,
    ),
  )
  return planBatchTokens({
    wanted,
    most: engine.maxRows,
    longest,
    free: memoryLimit - engine.ledger().total.bytes,
    bytes: (tokens) =>
      Math.max(...contexts.map(({ windows }) => bytesOfBatch(engine, windows, tokens, some.map(dropRule)))),
  })
}

const meanLoss = (scores: readonly WindowScore[]): number =>
  -sum(scores.map(({ logprobs }) => sum(logprobs))) / sum(scores.map(({ logprobs }) => logprobs.length))

const secondsSince = (began: number): number => (performance.now() - began) / 1000
