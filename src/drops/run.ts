/** A prepared text and a device -> its record: find the rule, compute the death times. */
import { NEVER } from '../engine/batch.js'
import { causalPairs, sequenceDrops } from '../engine/drops.js'
import { Engine } from '../engine/engine.js'
import { requestedSparsity } from '../pruning/level.js'
import type { EnvironmentRecord } from '../record/common.js'
import type { DropsRecord } from '../record/drops/schema.js'
import {
  addCounts,
  addScore,
  emptyCounts,
  type ScoreCounts,
  SPARSITY_DEFINITION,
  sparsityOf,
} from '../record/eval/build.js'
import { DROPS_SCHEMA } from '../record/kinds.js'
import { modelRecord } from '../run/model-record.js'
import type { RunDevice } from '../run/open-model.js'
import { loadProgress, type OnProgress, searchProgress } from '../run/progress.js'
import { type InputDeaths, inputDeaths } from './deaths.js'
import { type PreparedDrops, tokenTexts } from './prepare.js'
import { causeOf, findRule } from './rule.js'

export interface RunHooks {
  onProgress?: OnProgress
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

export interface RunContext {
  environment: EnvironmentRecord
  started: Date
  command: readonly string[]
}

export async function runDrops(
  prepared: PreparedDrops,
  { device, lost, adapter, memoryLimit }: RunDevice,
  { environment, started, command }: RunContext,
  { onProgress, signal }: RunHooks = {},
): Promise<DropsRecord> {
  const { checkpoint, dtype, input, level, options, text, tokenizer } = prepared
  const opening = { device, lost, adapter, dtype, memoryLimit, onLoad: loadProgress(onProgress) }
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, opening)
  try {
    signal?.throwIfAborted()
    const { rule, record } = await findRule(engine, prepared, [input], {
      seed: options.seed,
      signal,
      onTry: searchProgress(onProgress),
    })
    const deaths: InputDeaths[] = []
    onProgress?.({ task: 'Computing death times', done: 0, unit: 'tokens' })
    const whole = { batchTokens: input.length, signal }
    for await (const batch of inputDeaths(engine, [input], rule, whole)) deaths.push(...batch)
    const sha256 = await checkpoint.weightsSha256()
    return {
      schema: DROPS_SCHEMA,
      kind: 'drops',
      date: started.getTime() / 1000,
      text,
      model: modelRecord(prepared, sha256),
      policy: record,
      sparsity: {
        requested: requestedSparsity(level),
        ...sparsityOf(countInputs(deaths)),
        definition: SPARSITY_DEFINITION,
      },
      cause: causeOf(rule),
      tokens: tokenTexts(input, tokenizer),
      deaths: deaths[0].map((layer) => Array.from(layer, (death) => (death === NEVER ? null : death))),
      environment,
      command: [...command],
    }
  } finally {
    engine.close()
  }
}

/** Pairs removed and keys kept of several inputs, as `asp eval` counts its requests. */
export function countInputs(inputs: readonly InputDeaths[]): ScoreCounts {
  const layers = inputs[0].length
  return inputs.map(countInput).reduce(addCounts, emptyCounts(layers))
}

function countInput(deaths: InputDeaths): ScoreCounts {
  const n = deaths[0].length
  return addScore(emptyCounts(deaths.length), n, { pairs: causalPairs(n), ...sequenceDrops(deaths) })
}
