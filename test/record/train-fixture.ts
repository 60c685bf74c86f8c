/** The record and the log of a short training with gamma 0.3: four steps, evaluations before the first and after the last. */
import type { TrainLogRecord } from '../../src/record/io/records.js'
import type { PplSparsity } from '../../src/record/ppl/schema.js'
import type {
  EvalFigures,
  RunLine,
  StepLine,
  TrainRecord,
  TrainRunOptions,
} from '../../src/record/train/schema.js'
import { recordParts } from './fixture.js'

const hash = (digit: string): string => digit.repeat(64)

export const TRAIN_OPTIONS: TrainRunOptions = {
  rule: { kind: 'adaptive', tokens: null },
  gamma: 0.3,
  gamma_convention: 'paper',
  gamma_weight: 0.3,
  alpha: { kind: 'linear', from: 1, to: 8, over: 4 },
  rate: { kind: 'constant', rate: 1e-4, warmup: 0 },
  rate_interaction: null,
  ctx: 8,
  batch_tokens: 16,
  int_dim: 64,
  beta: 2,
  propagate_in_depth: false,
  trainable: 'all',
  distill: 0,
  shift_range: null,
  optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0, clip: 1 },
  seed: 42,
}

/** What a control has instead. */
export const CONTROL_OPTIONS: TrainRunOptions = {
  ...TRAIN_OPTIONS,
  rule: { kind: 'local', tokens: 4 },
  gamma: null,
  gamma_convention: null,
  gamma_weight: 0,
  alpha: null,
  int_dim: null,
  beta: null,
  propagate_in_depth: null,
}

const SPARSITY: PplSparsity = {
  achieved: 0.6,
  per_layer: [0.4, 0.8],
  at_ctx: 0.7,
  at_ctx_per_layer: [0.5, 0.9],
  pairs: 56,
}

/** The dense rule at `loss` nats, the step function 0.1 above it. */
export const evalFigures = (loss: number, sparsity: PplSparsity | null = SPARSITY): EvalFigures => ({
  ctx: 8,
  windows: 2,
  tokens: 14,
  rules: [
    { rule: 'dense', alpha: null, nll: loss, nll_stderr: 0.1, perplexity: Math.exp(loss), sparsity: null },
    {
      rule: 'step',
      alpha: null,
      nll: loss + 0.1,
      nll_stderr: 0.2,
      perplexity: Math.exp(loss + 0.1),
      sparsity,
    },
  ],
})

const { environment } = recordParts()
const source = { kind: 'file', source: 'book.txt', revision: null, split: null, documents: 1 } as const
const sources = [{ ...source, sha256: hash('a') }]
const command = ['asp', 'finetune', '--gamma', '0.3']

const head = {
  options: TRAIN_OPTIONS,
  micro_tokens: 16,
  source: {
    id: 'asp-tiny-dense',
    source: 'bundled',
    revision: null,
    sha256: hash('1'),
    tokenizer_sha256: hash('2'),
    parameters: 4_439_040,
  },
  data: {
    sources,
    column: 'text',
    documents: 1,
    characters: 400,
    tokens: 100,
    windows: 12,
    sha256: hash('3'),
    held_out: { kind: 'split', sources, tokens: 100, sha256: hash('4') },
  },
  date: 1767323045.678,
  environment,
  command,
} satisfies Partial<TrainRecord>

const step = (n: number): StepLine => ({
  kind: 'step',
  step: n,
  tokens: 16 * n,
  loss: 5 - 0.1 * n,
  cross_entropy: 4.9 - 0.1 * n,
  divergence: null,
  pair_mean: 0.5 - 0.05 * n,
  pair_means: [0.6 - 0.05 * n, 0.4 - 0.05 * n],
  alpha: 1 + 1.75 * n,
  rate: 1e-4,
  gradient_norm: 1,
  tokens_per_second: 100,
  seconds: 0.16,
  device_seconds: null,
})

export function trainLog(options = TRAIN_OPTIONS, steps = 4): TrainLogRecord {
  return {
    schema: 'asp.train-log/1',
    run: { kind: 'run', schema: 'asp.train-log/1', ...head, options } satisfies RunLine,
    steps: Array.from({ length: steps }, (_, i) => step(i + 1)),
    evaluations: [0, steps].map((at) => ({
      kind: 'eval',
      step: at,
      seconds: 1,
      ...evalFigures(4.5 - 0.01 * at),
    })),
  }
}

/** A log as the file has it. */
export const logText = ({ run, steps, evaluations }: TrainLogRecord): string =>
  [run, evaluations[0], ...steps, ...evaluations.slice(1)].map((line) => `${JSON.stringify(line)}\n`).join('')

export function trainRecord(changes: Partial<TrainRecord> = {}): TrainRecord {
  const { memory } = recordParts()
  return {
    schema: 'asp.train/1',
    kind: 'train',
    status: 'complete',
    ...head,
    steps: { planned: 4, taken: 4 },
    tokens: 64,
    last: { steps: 1, loss: 4.6, cross_entropy: 4.5, pair_mean: 0.3, tokens_per_second: 100 },
    speed: { flops_per_token: 1e6, peak_flops: 1e9, of_peak: 0.1 },
    evaluations: [0, 4].map((at) => ({ step: at, ...evalFigures(4.5 - 0.01 * at) })),
    final: [evalFigures(4.45)],
    checkpoint: {
      folder: 'pruned',
      dtype: 'f16',
      parameters: 4_588_800,
      bytes: 9_177_600,
      sha256: hash('5'),
    },
    timing: { total_s: 5, train_s: 3, evaluate_s: 1, save_s: 1 },
    memory: {
      peak_bytes: memory.peak,
      weights_bytes: 18_480_000,
      activations_bytes: 80_000_000,
      cache_bytes: 0,
      peak_by_purpose: memory.byPurpose,
      host_rss_bytes: memory.hostRss,
    },
    ...changes,
  }
}
