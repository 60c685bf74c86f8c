/**
 * A table of docs/finetune.md: memory and work of fine-tuning the released sizes with adaptive pruning, from the same
 * plan that a training goes by. `node --import tsx scripts/gpt2-plan.ts` prints it.
 */
import { fileURLToPath } from 'node:url'
import { randomModel } from '../src/data/random-model.js'
import { stepFlops } from '../src/engine/train/flops.js'
import { planTraining } from '../src/engine/train/plan.js'
import { formatBytes } from '../src/report/format.js'
import { markdownTable } from './gains.js'

const [T, R, TOKENS] = [1024, 64, 10e6]
const HEAD = [
  'model, with interaction weights',
  'parameters',
  '1 sequence, recomputed',
  '1 sequence',
  '8 sequences',
  'work of a token',
  '10 M tokens at 10 TFLOP/s',
]

/** What WebGPU grants everywhere for one binding. */
const BINDING = 2 ** 27

/** The table in Markdown. */
export function gpt2Plan(): string {
  const rows = ['gpt2', 'gpt2-medium', 'gpt2-large', 'gpt2-xl'].map((name) => {
    const { config: dense, parameters } = randomModel(`random:${name}`, 0)
    const config = { ...dense, interaction: { dim: R, propagateInDepth: false, grace: 0 } }
    const plan = (sequences: number, recompute: boolean): string =>
      formatBytes(
        planTraining(
          config,
          {
            ...{ rule: { kind: 'adaptive' }, tokens: T, sequences, trainable: 'all', recompute },
            distilled: false,
          } as const,
          BINDING,
        ).total,
      )
    const flops = stepFlops(config, T, { method: 'adaptive', distilled: false })
    return [
      name,
      `${Math.round(parameters / 1e6)} M`,
      plan(1, true),
      plan(1, false),
      plan(8, false),
      `${(flops / 1e9).toFixed(2)} GFLOP`,
      `${((flops * TOKENS) / 10e12 / 3600).toFixed(1)} h`,
    ]
  })
  return markdownTable(HEAD, rows)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${gpt2Plan()}\n`)
