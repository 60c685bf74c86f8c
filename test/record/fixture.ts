import type { RecordParts, TaskParts } from '../../src/record/eval/build.js'

const hash = (digit: string): string => digit.repeat(64)

/** A two-layer HellaSwag run on the bundled sample: 2 documents, 8 requests. */
export const hellaswag: TaskParts = {
  name: 'hellaswag',
  version: 1,
  protocol: 'lm-eval',
  output: 'multiple_choice',
  shots: 0,
  metrics: [
    { name: 'acc', value: 0.28924517, stderr: 0.00452, higherIsBetter: true },
    { name: 'acc_norm', value: 0.31139215, stderr: 0.00462, higherIsBetter: true },
  ],
  data: {
    kind: 'sample',
    source: 'Rowan/hellaswag',
    revision: 'a'.repeat(40),
    split: 'validation',
    rows: 200,
    total: 10042,
    sha256: hash('5'),
    note: 'MIT',
  },
  documents: 200,
  counts: {
    requests: 800,
    tokens: 80000,
    pairs: 4000000,
    removed: [3100000, 3300000],
    kept: [16000, 12000],
    peaks: { sum: 240, most: 0.5 },
  },
  tokensRun: 35000,
  perDocument: {
    hash: ['0123456789abcdef', 'fedcba9876543210'],
    doc_id: [0, 50],
    metrics: { acc: [1, 0], acc_norm: [1, 1] },
    logprob: [-12.25, -30.5],
    units: null,
  },
  identity: { data: hash('1'), requests: hash('2'), protocol: hash('3'), model: hash('4') },
  samples: null,
  reference: [
    { model: 'gpt2', metric: 'acc', value: 0.2892, source: 'lm-eval table' },
    { model: 'gpt2', metric: 'acc_norm', value: 0.3114, source: 'lm-eval table' },
  ],
}

/** Perplexities have no standard error, and the split is whole. */
export const wikitext: TaskParts = {
  name: 'wikitext',
  version: 2,
  protocol: 'lm-eval',
  output: 'loglikelihood_rolling',
  shots: 0,
  metrics: [
    { name: 'word_perplexity', value: 37.3698, stderr: null, higherIsBetter: false },
    { name: 'bits_per_byte', value: 0.97693, stderr: null, higherIsBetter: false },
  ],
  data: {
    kind: 'hub',
    source: 'EleutherAI/wikitext_document_level',
    revision: 'b'.repeat(40),
    split: 'test',
    rows: 62,
    total: 62,
    sha256: null,
    note: null,
  },
  documents: 62,
  counts: {
    requests: 300,
    tokens: 280000,
    pairs: 140000000,
    removed: [70000000, 84000000],
    kept: [90000, 70000],
    peaks: { sum: 180, most: 0.75 },
  },
  tokensRun: 280000,
  perDocument: {
    hash: ['00112233445566ff'],
    doc_id: [3],
    metrics: {},
    logprob: [-3300.5],
    units: { words: [900], bytes: [5200] },
  },
  identity: { data: hash('6'), requests: hash('7'), protocol: hash('8'), model: hash('4') },
}

/** Complete parts of a run; each test changes what it is about. */
export function recordParts(changes: Partial<RecordParts> = {}): RecordParts {
  return {
    status: 'complete',
    started: new Date('2026-01-02T03:04:05.678Z'),
    model: {
      id: 'asp-tiny',
      source: 'bundled',
      revision: null,
      sha256: hash('4'),
      tokenizer_sha256: hash('9'),
      parameters: 4612230,
      bytes: 9240000,
      dtype: 'f32',
      stored_dtype: 'f16',
      config: {
        vocab_size: 8192,
        n_positions: 1024,
        n_embd: 192,
        n_layer: 2,
        n_head: 3,
        n_inner: 768,
        int_n_embd: 64,
      },
    },
    policy: {
      name: 'adaptive',
      parameters: { propagate_in_depth: false },
      threshold_shift: -1.25,
      calibration: {
        requested: 0.8,
        method: 'bisection',
        seed: 1234,
        requests: 32,
        tokens: 2400,
        evaluations: [
          { shift: 0, requests: 32, sparsity: 0.41 },
          { shift: -1.25, requests: 32, sparsity: 0.803 },
        ],
        sample_sparsity: 0.803,
        seconds: 3.21,
      },
    },
    requested: 0.8,
    environment: {
      adapter: {
        name: 'llvmpipe (LLVM 19.1.7, 256 bits)',
        vendor: 'mesa',
        architecture: 'llvmpipe',
        driver: 'llvmpipe Mesa 25.0.7',
        backend: 'vulkan',
        kind: 'software',
        bundled: false,
        features: ['shader-f16', 'subgroups'],
      },
      dawn: '0.6.2',
      node: '20.20.0',
      os: 'Linux 6.12, x64',
      cpu: 'Some CPU',
      cores: 2,
      memory_bytes: 8589934592,
      asp_version: '0.1.0',
      commit: null,
    },
    seconds: { load: 0.512, calibrate: 3.21, score: 16, busy: 15, total: 19.9 },
    memory: {
      peak: 104857600,
      byPurpose: { weights: 18480000, activations: 80000000, staging: 4096 },
      hostRss: 400000000,
    },
    tasks: [hellaswag],
    shard: null,
    seed: 1234,
    limit: null,
    batchTokens: 2048,
    command: ['asp', 'eval', 'hellaswag', '--sparsity', '0.8'],
    ...changes,
  }
}
