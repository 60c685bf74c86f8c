/** A trainer without a device: its losses and weights depend on everything that a real one's do, to the last bit. */

import { type Ledger, PURPOSES } from '../../src/engine/compute/memory.js'
import type { Gpt2Config } from '../../src/engine/gpt2/config.js'
import type { TensorSource } from '../../src/engine/tensor-source.js'
import type {
  HostTensor,
  StepInputs,
  StepReport,
  TrainerLike,
  TrainerState,
} from '../../src/engine/train/types.js'
import type { Trainers } from '../../src/train/hooks.js'

export interface FakeOptions {
  /** Called before each step; may throw, wait, or change the report. */
  onStep?: (inputs: StepInputs) => Promise<Partial<StepReport>> | Partial<StepReport>
  /** Bytes that a sequence takes. */
  bytes?: number
  /** Every trainer that was opened. */
  opened?: TrainerLike[]
}

export function fakeTrainers({ onStep, bytes = 1000, opened = [] }: FakeOptions = {}): Trainers {
  return {
    plan: (_config, { sequences, recompute }) => {
      const total = sequences * bytes * (recompute ? 0.5 : 1)
      return { total, byPurpose: { weights: 0, activations: total } }
    },
    open: async (config, tensors) => {
      const trainer = await openFake(config, tensors, onStep)
      opened.push(trainer)
      return trainer
    },
  }
}

async function openFake(
  config: Gpt2Config,
  tensors: TensorSource,
  onStep: FakeOptions['onStep'],
): Promise<TrainerLike> {
  let state: TrainerState = { weights: new Map(), firstMoments: new Map(), secondMoments: new Map() }
  for (const [name, { shape, read }] of tensors) {
    const values = new Float32Array((await read()).slice().buffer)
    state.weights.set(name, { shape, values })
    state.firstMoments.set(name, { shape, values: new Float32Array(values.length) })
    state.secondMoments.set(name, { shape, values: new Float32Array(values.length) })
  }
  return {
    ledger,
    async step(inputs) {
      const changed = (await onStep?.(inputs)) ?? {}
      const seen = inputs.batches.reduce(
        (sum, { tokens, shifts }, i) =>
          tokens.reduce((all, token, t) => (all * 31 + token + t) % 65_521, sum + i) +
          (shifts?.reduce((all, shift) => all + shift, 0) ?? 0),
        0,
      )
      let norm = 0
      for (const [name, { values }] of state.weights) {
        const m = state.firstMoments.get(name)?.values ?? values
        const v = state.secondMoments.get(name)?.values ?? values
        const gradient = Math.sin(values[0] + seen + inputs.alpha + inputs.gamma)
        norm += gradient ** 2
        m[0] = 0.9 * m[0] + 0.1 * gradient
        v[0] = 0.999 * v[0] + 0.001 * gradient ** 2
        values[0] -= (inputs.rate * m[0]) / (Math.sqrt(v[0]) + 1e-8) / (inputs.step + 1)
      }
      const crossEntropy = 3 + Math.sqrt(norm) / 100
      return {
        loss: crossEntropy + 0.5 * inputs.gamma,
        crossEntropy,
        divergence: null,
        pairMeans: Float64Array.from({ length: config.nLayer }, (_, l) => 0.5 + l / 10),
        gradientNorm: Math.sqrt(norm),
        finite: true,
        seconds: null,
        ...changed,
      }
    },
    weights: async () => copyOf(state.weights),
    state: async () => ({
      weights: copyOf(state.weights),
      firstMoments: copyOf(state.firstMoments),
      secondMoments: copyOf(state.secondMoments),
    }),
    restore: (from) => {
      state = {
        weights: copyOf(from.weights),
        firstMoments: copyOf(from.firstMoments),
        secondMoments: copyOf(from.secondMoments),
      }
    },
    close: () => undefined,
  }
}

const copyOf = (tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> =>
  new Map([...tensors].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]))

function ledger(): Ledger {
  const entry = { bytes: 100, peak: 200 }
  const purposes = Object.fromEntries(PURPOSES.map((purpose) => [purpose, entry])) as Omit<Ledger, 'total'>
  return { ...purposes, total: { bytes: 400, peak: 500 } }
}
