/** Which keys a generation may drop. A shift belongs to a length: it is searched on running text as long as the longest may get. */
import { sampleText } from '../data/text-sample.js'
import type { Engine } from '../engine/engine.js'
import { calibrate, windowsOf } from '../pruning/calibrate.js'
import { type Resolved, resolveLevel } from '../pruning/resolve.js'
import { wholeWindows } from '../pruning/whole-windows.js'
import type { PreparedGenerate } from './prepare.js'

/** A shift within 0.01 of the sparsity asked for, in a second or two. */
const SAMPLE = { sample: windowsOf(6_000), seed: 1234 }

export interface Calibrating {
  signal?: AbortSignal
  onTry?: (tried: { shift: number; sparsity: number }) => void
}

export function chooseRule(
  engine: Engine,
  { level, known, tokenizer, ctx }: PreparedGenerate,
  calibrating: Calibrating,
): Promise<Resolved> {
  return resolveLevel(level, known, async (sparsity) => {
    const text = tokenizer.encode(await sampleText())
    const windows = wholeWindows(text, ctx).map((tokens) => ({ tokens }))
    return calibrate(engine, windows, { ...SAMPLE, sparsity, ...calibrating })
  })
}
