/** Prepared texts and checkpoints and a device -> the record: for each checkpoint death times of all windows, counted by classes. */

import { sha256Of } from '../data/files.js'
import { Engine } from '../engine/engine.js'
import { requestedSparsity } from '../pruning/level.js'
import type { DropStatsRecord, StatsRun } from '../record/drops/stats-schema.js'
import { addCounts, emptyCounts, SPARSITY_DEFINITION, sparsityOf } from '../record/eval/build.js'
import { DROP_STATS_SCHEMA } from '../record/kinds.js'
import { BATCH_TOKENS } from '../run/batch-tokens.js'
import { modelRecord } from '../run/model-record.js'
import type { RunDevice } from '../run/open-model.js'
import { loadProgress, searchProgress } from '../run/progress.js'
import { inputDeaths } from './deaths.js'
import { dimensionRecords } from './figures.js'
import { killerCounts } from './killers.js'
import type { ModelWindows, PreparedStats } from './prepare-stats.js'
import { causeOf, findRule } from './rule.js'
import { countInputs, type RunContext, type RunHooks } from './run.js'
import { openTagger, type Tagger } from './tagger.js'
import { tallyWindow, type WindowTally } from './tally.js'
import { windowClasses } from './windows.js'

export async function runStats(
  { options, ctx, loaded, models }: PreparedStats,
  device: RunDevice,
  { environment, started, command }: RunContext,
  hooks: RunHooks = {},
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
      sha256: sha256Of(loaded.text),
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
  prepared: ModelWindows,
  text: string,
  ages: readonly number[],
  tagger: Tagger,
  { device, lost, adapter, memoryLimit }: RunDevice,
  { onProgress, signal }: RunHooks,
): Promise<StatsRun> {
  const { checkpoint, dtype, level, options, windows, starts } = prepared
  const { id } = prepared.model
  const onLoad = loadProgress(onProgress, `Loading weights of ${id}`)
  const opening = { device, lost, adapter, dtype, memoryLimit, onLoad }
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, opening)
  try {
    const inputs = windows.map(({ input }) => input)
    const total = inputs.reduce((sum, { length }) => sum + length, 0)
    const batchTokens = Math.min(engine.maxRows, BATCH_TOKENS[adapter.kind])
    const onTry = searchProgress(onProgress, `Calibrating the drop threshold of ${id}`)
    const search = { seed: options.seed, batchTokens, signal, onTry }
    const { rule, record } = await findRule(engine, prepared, inputs, search)
    const kills = causeOf(rule, checkpoint.config) === 'query'
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
      onProgress?.({ task: `Death times of ${id}`, done: counts.tokens, total, unit: 'tokens' })
    }
    return {
      model: modelRecord(prepared, await checkpoint.weightsSha256()),
      policy: record,
      sparsity: {
        requested: requestedSparsity(level),
        ...sparsityOf(counts),
        definition: SPARSITY_DEFINITION,
      },
      cause: causeOf(rule, checkpoint.config),
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
