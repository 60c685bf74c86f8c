/** Prepared texts and checkpoints and a device -> the record: for each checkpoint death times of all windows, counted by classes. */
import { createHash } from 'node:crypto'
import { Engine } from '../engine/engine.js'
import type { Evaluation } from '../pruning/shift-search.js'
import { DROP_STATS_SCHEMA, type DropStatsRecord, type StatsRun } from '../record/drops/stats-schema.js'
import { addCounts, emptyCounts, SPARSITY_DEFINITION, sparsityOf } from '../record/eval/build.js'
import { BATCH_TOKENS } from '../run/batch-tokens.js'
import { modelRecord } from '../run/model-record.js'
import type { RunDevice } from '../run/open-model.js'
import { inputDeaths } from './deaths.js'
import { dimensionRecords } from './figures.js'
import { killerCounts } from './killers.js'
import type { PreparedModel, PreparedStats } from './prepare-stats.js'
import { causeOf, findRule } from './rule.js'
import { countInputs, type RunContext } from './run.js'
import { openTagger, type Tagger } from './tagger.js'
import { tallyWindow, type WindowTally } from './tally.js'
import { windowClasses } from './windows.js'

export type StatsEvent =
  | { stage: 'load'; model: string; done: number; total: number }
  | { stage: 'calibrate'; model: string; evaluation: Evaluation }
  /** `done` and `total` count tokens. */
  | { stage: 'count'; model: string; done: number; total: number }

export interface StatsHooks {
  onEvent?: (event: StatsEvent) => void
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

export async function runStats(
  { options, ctx, loaded, models }: PreparedStats,
  device: RunDevice,
  { environment, started, command }: RunContext,
  hooks: StatsHooks = {},
): Promise<DropStatsRecord> {
  const tagger = await openTagger()
  const ages = agesOf(ctx)
  const runs: StatsRun[] = []
  for (const model of models) runs.push(await runModel(model, loaded.text, ages, tagger, device, hooks))
  return {
    schema: DROP_STATS_SCHEMA,
    kind: 'drop-stats',
    date: started.getTime() / 1000,
    text: {
      sources: [...loaded.sources],
      characters: loaded.text.length,
      sha256: createHash('sha256').update(loaded.text).digest('hex'),
      limit: Number.isFinite(options.limit) ? options.limit : null,
    },
    ctx,
    ages,
    tagger: tagger.record,
    runs,
    seed: options.seed,
    environment,
    command: [...command],
  }
}

/** Powers of two, up to half of a window. */
export function agesOf(ctx: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(ctx)) }, (_, i) => 2 ** i)
}

async function runModel(
  prepared: PreparedModel,
  text: string,
  ages: readonly number[],
  tagger: Tagger,
  { device, lost, adapter, memoryLimit }: RunDevice,
  { onEvent, signal }: StatsHooks,
): Promise<StatsRun> {
  const { checkpoint, dtype, policy, windows, starts } = prepared
  const { id: model } = prepared.model
  const onLoad = (done: number, total: number): void => onEvent?.({ stage: 'load', model, done, total })
  const opening = { device, lost, adapter, dtype, memoryLimit, onLoad }
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, opening)
  try {
    const inputs = windows.map(({ input }) => input)
    const total = inputs.reduce((sum, { length }) => sum + length, 0)
    const batchTokens = Math.min(engine.maxRows, BATCH_TOKENS[adapter.kind])
    const onTry = (evaluation: Evaluation): void => onEvent?.({ stage: 'calibrate', model, evaluation })
    const { rule, record } = await findRule(engine, prepared, inputs, { batchTokens, signal, onTry })
    const kills = causeOf(rule) === 'query'
    const tallies: WindowTally[] = []
    const killers = killerCounts(engine.config.nLayer)
    let counts = emptyCounts(engine.config.nLayer)
    for await (const batch of inputDeaths(engine, inputs, rule, { batchTokens, signal })) {
      for (const deaths of batch) {
        const window = windows[tallies.length]
        tallies.push(tallyWindow(deaths, windowClasses(text, starts, window, tagger), ages))
        if (kills) killers.add(deaths, windowTexts(text, starts, window.first, window.input.length))
        counts = addCounts(counts, countInputs([deaths]))
      }
      onEvent?.({ stage: 'count', model, done: counts.tokens, total })
    }
    return {
      model: modelRecord(prepared, await checkpoint.weightsSha256()),
      policy: record,
      sparsity: { requested: policy.sparsity, ...sparsityOf(counts), definition: SPARSITY_DEFINITION },
      cause: causeOf(rule),
      windows: windows.length,
      tokens: total,
      dimensions: dimensionRecords(tallies, { layers: engine.config.nLayer, ages: ages.length, kills }),
      killers: killers.records(),
    }
  } finally {
    engine.close()
  }
}

function windowTexts(text: string, starts: Uint32Array, first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => text.slice(starts[first + i], starts[first + i + 1]))
}
