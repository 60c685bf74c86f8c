/** A prepared training of a model of a few hundred values, without text, tokenizer or device. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialTensors } from '../../src/data/random-model.js'
import { AS_GPT2, type Gpt2Config } from '../../src/engine/gpt2/config.js'
import type { EvalFigures } from '../../src/record/train/schema.js'
import type { RunDevice } from '../../src/run/open-model.js'
import type { Corpus } from '../../src/train/corpus.js'
import { newConfigJson } from '../../src/train/export.js'
import type { Evaluate } from '../../src/train/held-out.js'
import { type TrainingOptions, withDefaults } from '../../src/train/options.js'
import { planRuns } from '../../src/train/plan.js'
import type { PreparedTraining } from '../../src/train/prepare.js'
import type { TrainingStart } from '../../src/train/start.js'
import type { RunHead } from '../../src/train/train-run.js'

const ROOT = mkdtempSync(join(tmpdir(), 'asp-train-'))
process.on('exit', () => rmSync(ROOT, { recursive: true, force: true }))

/** A new folder, gone when the test file ends. */
export const testFolder = (): string => mkdtempSync(join(ROOT, 'case-'))

export const CONFIG: Gpt2Config = {
  vocabSize: 10,
  nPositions: 16,
  nEmbd: 64,
  nLayer: 1,
  nHead: 1,
  nInner: 256,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: { dim: 4, propagateInDepth: false, grace: 0 },
}

export function trainingOptions(out: string, changes: Partial<TrainingOptions> = {}): TrainingOptions {
  const given = {
    data: ['text.txt'],
    output: out,
    gamma: changes.control === undefined ? [0.3] : undefined,
    steps: 12,
    batchTokens: 32,
    seed: 1,
    evalEvery: 4,
    saveEvery: 3,
    ...changes,
  }
  return withDefaults(given, changes.start ?? { kind: 'checkpoint' })
}

const SHA = 'a'.repeat(64)

export function fakeStart(tokenizerFolder: string, config = CONFIG): TrainingStart {
  writeFileSync(join(tokenizerFolder, 'tokenizer.json'), '{"model":{}}')
  return {
    config,
    tensors: initialTensors(config, { seed: 7 }),
    hasOwn: false,
    teacher: undefined,
    tokenizer: {
      encode: () => new Uint32Array(),
      encodeBare: () => new Uint32Array(),
      around: () => ({ before: 0, after: 0 }),
      cutsAtSpaces: true,
      decode: () => '',
      prefixToken: 9,
      endToken: 9,
      vocabSize: 10,
      sha256: SHA,
    },
    tokenizerSource: { kind: 'folder', folder: tokenizerFolder },
    configJson: newConfigJson(config, 9),
    dtype: 'f32',
    record: {
      id: 'tiny',
      source: 'folder',
      revision: null,
      sha256: SHA,
      tokenizer_sha256: SHA,
      parameters: 1,
    },
  }
}

export function fakeCorpus(ctx: number, count: number): Corpus {
  const facts = { sources: [], documents: 1, characters: 100, tokens: count * ctx, sha256: SHA }
  return {
    ctx,
    windows: Uint32Array.from({ length: count }, (_, i) => i * ctx),
    window: (i) => Uint32Array.from({ length: ctx }, (_, t) => (i * 3 + t) % 10),
    heldOut: [Uint32Array.from({ length: ctx }, (_, t) => t % 10)],
    data: facts,
    evalData: { kind: 'split', ...facts },
  }
}

export function prepared(out: string, changes: Partial<TrainingOptions> = {}): PreparedTraining {
  const options = trainingOptions(out, changes)
  const start = fakeStart(testFolder())
  const plans = planRuns(options, start.config, start.hasOwn)
  return {
    options,
    start,
    corpus: fakeCorpus(plans[0].options.ctx, 5),
    runs: plans.map((plan) => ({ plan, state: null, finished: null })),
  }
}

export const DEVICE = {
  adapter: { kind: 'llvmpipe', features: [], subgroupMinSize: 8, subgroupMaxSize: 8 },
  memoryLimit: 1e6,
  lost: new Promise(() => {}),
} as unknown as RunDevice

export const HEAD: RunHead = {
  date: 1_700_000_000,
  environment: {
    adapter: {
      name: 'none',
      vendor: '',
      architecture: '',
      driver: '',
      backend: 'vulkan',
      kind: 'software',
      bundled: false,
      features: [],
    },
    dawn: '0',
    node: '20',
    os: 'Linux',
    cpu: 'some',
    cores: 2,
    memory_bytes: 1,
    asp_version: '0',
    commit: null,
  },
  command: ['asp', 'finetune', '--data', "it's.txt"],
}

/** Figures from the weights' first value: those of an evaluation on them, or of any other. */
export const fakeEvaluate: Evaluate = async ({ ctxs, tensors, rule, alpha }) => {
  const first = new Float32Array(
    (await tensors.get('wte.weight')?.read())?.slice().buffer ?? new ArrayBuffer(4),
  )
  const nll = 3 + first[0]
  return ctxs.map((ctx): EvalFigures => {
    const sparsity = { achieved: 0.5, per_layer: [0.5], at_ctx: 0.6, at_ctx_per_layer: [0.6], pairs: 120 }
    const figures = { nll, nll_stderr: 0.01, perplexity: Math.exp(nll), sparsity }
    const dense = { ...figures, rule: 'dense' as const, alpha: null, sparsity: null }
    if (rule.kind === 'dense') return { ctx, windows: 1, tokens: ctx - 1, rules: [dense] }
    const step = { ...figures, rule: 'step' as const, alpha: null }
    return { ctx, windows: 1, tokens: ctx - 1, rules: [dense, step, { ...figures, rule: 'soft', alpha }] }
  })
}
