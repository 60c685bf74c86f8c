/** What a step of fine-tuning costs beside the forward pass over the same tokens, and how near the adapter's peak it comes. */
import { openCheckpoint } from '../src/data/checkpoint.js'
import { resolveModel } from '../src/data/model.js'
import { packBatch } from '../src/engine/batch.js'
import { measurePeak } from '../src/engine/compute/peak.js'
import { Engine } from '../src/engine/engine.js'
import type { DropRule } from '../src/engine/rules.js'
import { stepFlops } from '../src/engine/train/flops.js'
import { Trainer } from '../src/engine/train/trainer.js'
import type { RunDevice } from '../src/run/open-model.js'
import { median } from '../src/stats/basics.js'
import type { Rival } from './rival.js'

export interface TrainingBench {
  rule: 'dense' | 'adaptive'
  /** Of a step, and of a sequence. */
  tokens: number
  ctx: number
  /** Seconds, medians. */
  step: number
  forward: number
  tokensPerSecond: number
  ofPeak: number
  ratio: number
  /** Tokens/s over a rival's of a dense step of the same size; null without one. */
  overRival: number | null
}

export const [SEQUENCES, CTX] = [2, 512]
/** In the middle of the schedule. */
const ALPHA = 4.5

/** The bundled checkpoint; steps and forward passes take turns, so that a busy machine slows both alike. */
export async function benchTraining(
  { device, lost, adapter }: RunDevice,
  rule: TrainingBench['rule'],
  { repetitions = 5, rival }: { repetitions?: number; rival?: Rival } = {},
): Promise<TrainingBench> {
  const { config, tensors } = await openCheckpoint((await resolveModel('asp-tiny')).path)
  const tokens = Uint32Array.from({ length: SEQUENCES * CTX }, (_, i) => (i * 7919) % (config.vocabSize - 1))
  const engine = await Engine.open(config, tensors, { device, lost, adapter, dtype: 'f32' })
  const trainer = await Trainer.open(config, tensors, {
    device,
    lost,
    adapter,
    rule: { kind: rule },
    tokens: CTX,
    sequences: SEQUENCES,
    trainable: 'all',
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: 1 },
    recompute: null,
  })
  try {
    const scored: DropRule = rule === 'dense' ? { kind: 'dense' } : { kind: 'soft', alpha: ALPHA, shift: 0 }
    const sequences = Array.from({ length: SEQUENCES }, (_, s) => tokens.slice(s * CTX, (s + 1) * CTX))
    const batch = packBatch(
      sequences.map((own) => ({ tokens: own, trunk: null })),
      sequences.flatMap((own, segment) =>
        Array.from(own.subarray(1), (token, row) => ({ segment, row, token })),
      ),
      engine.tiles,
    )
    const inputs = { alpha: ALPHA, rate: 1e-5, gamma: 0.1, distill: 0, batches: [{ tokens }] }
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const began = performance.now()
      await work()
      return (performance.now() - began) / 1000
    }
    const steps: number[] = []
    const forwards: number[] = []
    const rivals: number[] = []
    for (let i = 0; i <= repetitions; i++) {
      const forward = await timed(() => engine.score(batch, scored))
      const step = await timed(() => trainer.step({ ...inputs, step: i }))
      const other = await rival?.time({})
      // The first of each compiles.
      if (i === 0) continue
      forwards.push(forward)
      steps.push(step)
      if (other !== undefined) rivals.push(other)
    }
    const [step, forward] = [median(steps), median(forwards)]
    const flops =
      tokens.length * stepFlops(config, CTX, { method: rule === 'adaptive' ? rule : null, distilled: false })
    return {
      rule,
      tokens: tokens.length,
      ctx: CTX,
      step,
      forward,
      tokensPerSecond: tokens.length / step,
      ofPeak: flops / step / (await measurePeak(device, adapter)),
      ratio: step / forward,
      overRival: rivals.length === 0 ? null : median(rivals) / step,
    }
  } finally {
    trainer.close()
    engine.close()
  }
}
