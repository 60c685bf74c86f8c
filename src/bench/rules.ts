/** Which tokens each configuration may drop: thresholds are found on the very text that is measured. */
import type { Engine } from '../engine/engine.js'
import type { DecodeRule } from '../engine/rules.js'
import { type Calibration, calibrate, windowsOf } from '../pruning/calibrate.js'
import { type Level, requestedSparsity } from '../pruning/level.js'
import { atContext, knownRule, resolveLevel } from '../pruning/resolve.js'
import { wholeWindows } from '../pruning/whole-windows.js'
import type { BenchCalibration } from '../record/bench/schema.js'
import type { OnProgress } from '../run/progress.js'
import type { Cell } from './cell.js'
import type { PreparedBench } from './prepare.js'

/** S_pair is then within some 0.015 of that of all windows (standard deviation, at S 0.5), half of it at S 0.8. */
const SAMPLE = windowsOf(8192)

export interface RuleHooks {
  signal?: AbortSignal
  onProgress?: OnProgress
}

/** Gives every cell its rule. A shift is searched once for a sparsity and a length, on the first dtype's weights. */
export async function findRules(
  cells: readonly Cell[],
  engine: Engine,
  { tokens, model, options }: Pick<PreparedBench, 'tokens' | 'model' | 'options'>,
  { signal, onProgress }: RuleHooks,
): Promise<void> {
  const found: { ctx: number; requested: number; calibration: Calibration }[] = []
  const search = async (ctx: number, requested: number): Promise<Calibration> => {
    const here = found.filter((one) => one.ctx === ctx)
    const same = here.find((one) => one.requested === requested)
    if (same !== undefined) return same.calibration
    let done = 0
    const windows = wholeWindows(tokens, ctx).map((window) => ({ tokens: window }))
    const calibration = await calibrate(engine, windows, {
      sparsity: requested,
      seed: options.seed,
      sample: SAMPLE,
      known: here.flatMap((one) => one.calibration.evaluations),
      signal,
      onTry: ({ sparsity }) =>
        onProgress?.({
          task: 'Calibrating the drop threshold',
          done: ++done,
          unit: 'evaluations',
          info: `ctx ${ctx}, sparsity ${sparsity.toFixed(3)} of ${requested}`,
        }),
    })
    found.push({ ctx, requested, calibration })
    return calibration
  }
  for (const cell of cells) {
    const { level, group } = cell.configuration
    const synthetic = syntheticRule(level, model.source)
    if (synthetic !== null) cell.rule = synthetic
    else {
      const { rule, calibration } = await resolveLevel(
        level,
        knownRule(level, atContext(group.ctx), engine.config),
        (share) => search(group.ctx, share),
      )
      cell.rule = rule
      cell.calibration = calibration && calibrationRecord(calibration)
    }
  }
}

/** Drop scores of weights that were never trained say nothing, so tokens die by chance instead. */
function syntheticRule(level: Level, source: PreparedBench['model']['source']): DecodeRule | null {
  if (source !== 'random' || level.policy !== 'adaptive') return null
  return { kind: 'synthetic', sparsity: requestedSparsity(level) ?? 0 }
}

function calibrationRecord({ sparsity, sequences, evaluations }: Calibration): BenchCalibration {
  return {
    sample_sparsity: sparsity,
    windows: sequences,
    evaluations: evaluations.map(({ shift, sparsity: removed }) => ({ shift, sparsity: removed })),
  }
}
