/** A prepared run and a model -> its record: for each context length find the shifts, score all rules at once, sum up. */
import type { Engine } from '../engine/engine.js'
import { atContext, knownRule } from '../pruning/resolve.js'
import type { EnvironmentRecord, Status } from '../record/common.js'
import { buildPplRecord, type ContextParts } from '../record/ppl/build.js'
import type { WindowScore } from '../record/ppl/figures.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { BATCH_TOKENS, planBatchTokens } from '../run/batch-tokens.js'
import { busyClock } from '../run/busy-clock.js'
import { memoryParts } from '../run/memory.js'
import { modelRecord } from '../run/model-record.js'
import { type OpenModel, openModel, type RunDevice } from '../run/open-model.js'
import type { OnProgress } from '../run/progress.js'
import { stopwatch } from '../run/stopwatch.js'
import { sum } from '../stats/basics.js'
import { findLevels } from './find-levels.js'
import { finishedContexts } from './finished.js'
import { emptyContext, protocolParts, scoredAmount, textParts } from './parts.js'
import type { PlannedContext, PreparedPpl } from './prepare.js'
import { DENSE_RULE, ruleKinds, rulesOf } from './rules.js'
import { bytesOfBatch, scoreWindows } from './score.js'
import { type WorkMeter, workMeters } from './work.js'

export interface PplHooks {
  onProgress?: OnProgress
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
  const kinds = ruleKinds(levels.levels, options.alpha)
  const model = await openModel(prepared, device, ['dense', ...kinds], hooks)
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
  { onProgress, onContext, signal }: PplHooks = {},
): Promise<PplRecord> {
  const { checkpoint, options, contexts, levels } = prepared
  const wanted = options.batchTokens ?? BATCH_TOKENS[adapter.kind]
  const batchTokens = batchLimit(engine, prepared, wanted, memoryLimit)
  const measured = contexts.map(emptyContext)
  const summary = (status: Status): PplRecord => {
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
      memory: memoryParts(engine),
      seed: options.seed,
      limit: Number.isFinite(options.limit) ? options.limit : null,
      batchTokens,
      command,
    })
  }
  const known = earlier === null ? [] : finishedContexts(earlier, prepared, sha256)
  const meters = workMeters(prepared, onProgress)
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
  const lap = stopwatch()
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
  const calibrate = lap()
  if (found.length < levels.levels.length) return emptyContext(context)
  const planned = [DENSE_RULE, ...found.flatMap((level) => rulesOf(level, options.alpha))]
  const rules = planned.map(({ head }) => ({ ...head, scores: [] as WindowScore[] }))
  const busy = busyClock()
  const scoring = { rules: planned.slice(1).map(({ rule }) => rule), batchTokens, signal, busy }
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
    seconds: { calibrate, score: lap(), adapter: busy.seconds() },
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
  // Any shift stands for one that is not found yet.
  const rules = levels.levels.flatMap((level) => {
    const rule = knownRule(level, atContext(longest), engine.config) ?? { kind: 'adaptive', shift: 0 }
    return rulesOf({ level, rule, calibration: null }, options.alpha).map((one) => one.rule)
  })
  return planBatchTokens({
    wanted,
    most: engine.maxRows,
    longest,
    free: memoryLimit - engine.ledger().total.bytes,
    bytes: (tokens) =>
      Math.max(...contexts.map(({ windows }) => bytesOfBatch(engine, windows, tokens, rules))),
  })
}

const meanLoss = (scores: readonly WindowScore[]): number =>
  -sum(scores.map(({ logprobs }) => sum(logprobs))) / sum(scores.map(({ logprobs }) => logprobs.length))
