/**
 * Every kernel by its entry's name: where its shader (`<name>.wgsl`) and its twin for processors lie, which variants it has,
 * what it is compiled for. A shader's first line names the fragments it is joined with; test/engine/kernel-table.test.ts
 * holds both against each other.
 */
import type { Fields } from './struct.js'
import {
  ADAMW_STEP,
  BLOCKS,
  BUDGET,
  CACHE,
  DECAY_GRADIENT,
  DECAY_LAYER,
  ELEMENTS,
  GATE_ERROR,
  GRADIENT,
  GRADIENT_SUMS,
  LAYER,
  LOSS_PART,
  MASK_GRADIENT,
  MASK_LAYER,
  MATMUL_SHAPE,
  MATRIX,
  PART,
  PEAKS,
  PRODUCT,
  ROWS,
  SAMPLE_STEP,
  SELECTION,
  SOFTMAX_ROWS,
  STEPS,
  STRETCH,
  TABLE_SLICE,
  VOCABULARY_SLICE,
} from './structs.js'

export interface KernelRow {
  /** The folder. */
  room: string
  /** Values of what a needs line has in braces. A twin is given the indices of the chosen ones, in this order. */
  variants?: Readonly<Record<string, readonly string[]>>
  /**
   * Override constants: of the entry, then of its fragments in the order they are named; bool as u32. A twin is given all of
   * them in this order, 0 where a variant has none.
   */
  constants: Fields
  /** Structs bound as uniforms, by binding. */
  uniforms?: readonly { fields: Fields }[]
  /** The kernel that does the same elsewhere: this one is made for some GPUs, and processors need no twin of it. */
  like?: string
}

const dtype = ['f32', 'f16'] as const

/** Who computes a tile: the portable kernel, or those for subgroups of 4 or 8 lanes. */
const body = ['attention', 'attention-lanes4', 'attention-lanes8'] as const

/** Dimensions of a head, those of zeros among them: `headWidth` of gpt2/config.ts. */
const width = ['64', '128'] as const

const matmul = { room: 'matmul', uniforms: [MATMUL_SHAPE] } as const
const matmulConstants = { K: 'u32', N: 'u32', BLOCK: 'u32', ACCUMULATE: 'u32', ACTIVATION: 'u32' } as const

const cache = { room: 'cache', uniforms: [CACHE] } as const

const product = {
  room: 'product',
  variants: { to: ['result', 'activation-gradient', 'scores', 'score-gradients'] },
  constants: {
    LEFT_TRANSPOSED: 'u32',
    RIGHT_TRANSPOSED: 'u32',
    CAUSAL: 'u32',
    BIAS: 'u32',
    RESIDUAL: 'u32',
    ACCUMULATE: 'u32',
    ACTIVATION: 'u32',
    MASKED: 'u32',
    WEIGHTS: 'u32',
    H: 'u32',
    FIRST: 'u32',
  },
  uniforms: [PRODUCT],
} as const

export const KERNELS = {
  // Rows of activations.
  activate: { room: 'rows', constants: { WORKGROUP: 'u32', ACTIVATION: 'u32' }, uniforms: [ELEMENTS] },
  embedding: {
    room: 'rows',
    variants: { dtype },
    constants: { C: 'u32', BLOCK: 'u32', WORKGROUP: 'u32' },
    uniforms: [VOCABULARY_SLICE],
  },
  'embedding-rows': { room: 'rows', constants: { C4: 'u32', WORKGROUP: 'u32' }, uniforms: [TABLE_SLICE] },
  layernorm: { room: 'rows', constants: { C4: 'u32', EPSILON: 'f32', WORKGROUP: 'u32', GATHER: 'u32' } },
  'softmax-rows': { room: 'rows', constants: { WORKGROUP: 'u32', H: 'u32' }, uniforms: [SOFTMAX_ROWS] },

  'matmul-tile': { ...matmul, variants: { dtype }, constants: matmulConstants },
  'matmul-tile8': {
    ...matmul,
    variants: { kept: dtype, dtype },
    constants: { LANES_X: 'u32', LANES_Y: 'u32', ...matmulConstants },
    like: 'matmul-tile',
  },
  'matmul-short': {
    ...matmul,
    variants: { dtype },
    constants: { ROWS: 'u32', EIGHTS: 'u32', LANES: 'u32', ...matmulConstants },
    like: 'matmul-tile',
  },
  'matmul-broadcast': {
    ...matmul,
    variants: { dtype },
    constants: { LANES: 'u32', ROWS: 'u32', ...matmulConstants },
    like: 'matmul-tile',
  },
  'matmul-swap': {
    ...matmul,
    variants: { dtype },
    constants: { ROWS: 'u32', ...matmulConstants },
    like: 'matmul-tile',
  },
  'matmul-matrix': {
    ...matmul,
    variants: { unit: ['f16-16x16x16', 'f32-8x8x8'], dtype },
    constants: { SIZE: 'u32', ...matmulConstants },
    like: 'matmul-tile',
  },
  'fma-peak': { room: 'matmul', constants: { ROUNDS: 'u32', WORKGROUP: 'u32' } },

  // What dies when, and attention over what is left.
  'drop-times': {
    room: 'drops',
    constants: { WORKGROUP: 'u32', PROPAGATE: 'u32', GRACE: 'u32' },
    uniforms: [LAYER],
  },
  'gate-times': {
    room: 'drops',
    constants: { WORKGROUP: 'u32', DECAYS: 'u32', WINDOW: 'u32' },
    uniforms: [LAYER],
  },
  'live-list': { room: 'attention', constants: { WORKGROUP: 'u32', QUERY_TILE: 'u32' }, uniforms: [LAYER] },
  'attend-batch': {
    room: 'attention',
    variants: { body, mask: ['deaths', 'masks'], keys: ['every-key', 'live-keys'], width },
    constants: { WORKGROUP: 'u32', QUERY_TILE: 'u32' },
    uniforms: [LAYER],
  },
  'live-list-cache': {
    room: 'cache-attention',
    constants: { QUERY_TILE: 'u32', WORKGROUP: 'u32' },
    uniforms: [CACHE],
  },
  'attend-chunk': {
    room: 'cache-attention',
    variants: { body, rows: ['every-row', 'live-rows'], mask: ['deaths', 'masks'], dtype, width },
    constants: { WORKGROUP: 'u32', DENSE: 'u32' },
    uniforms: [CACHE],
  },
  'decode-attention': {
    room: 'cache-attention',
    variants: { dtype, width },
    constants: { DENSE: 'u32' },
    uniforms: [CACHE],
  },
  'decode-attention-subgroup': {
    room: 'cache-attention',
    variants: { dtype, width: ['64'] },
    constants: { LANES: 'u32', ROWS: 'u32', DENSE: 'u32' },
    uniforms: [CACHE],
    like: 'decode-attention',
  },
  'decode-attention-merge': {
    room: 'cache-attention',
    variants: { width },
    constants: { H: 'u32', ROWS: 'u32', WORKGROUP: 'u32' },
  },
  evict: {
    room: 'evict',
    variants: {
      keys: ['batch', 'cache'],
      score: ['at-random', 'by-norm', 'by-attention', 'by-vote', 'by-expectation', 'by-similarity', 'by-lag'],
      // Of the cache's keys; a batch has none.
      dtype,
      width,
    },
    constants: {
      WORKGROUP: 'u32',
      REGION: 'u32',
      SINKS: 'u32',
      INTERVAL: 'u32',
      DUE: 'u32',
      ACCUMULATE: 'u32',
    },
    uniforms: [BUDGET, CACHE],
  },

  // The key-value cache.
  'cache-append': {
    ...cache,
    variants: { dtype, next: ['packed', 'free'] },
    constants: { A4: 'u32', R4: 'u32', WORKGROUP: 'u32' },
  },
  'cache-compact': {
    ...cache,
    constants: { KV4: 'u32', R4: 'u32', WORKGROUP: 'u32' },
  },
  'cache-evict': {
    ...cache,
    constants: { KV4: 'u32', R4: 'u32', MOVES: 'u32', PAGES: 'u32', WORKGROUP: 'u32' },
  },
  'cache-gate': { ...cache, constants: { WORKGROUP: 'u32', DECAYS: 'u32', WINDOW: 'u32' } },
  'cache-pages': {
    ...cache,
    constants: { MODE: 'u32', MASKED: 'u32', WORKGROUP: 'u32' },
    uniforms: [CACHE, STEPS],
  },
  'cache-relist': { ...cache, constants: { WORKGROUP: 'u32' } },
  'cache-repack': { ...cache, constants: { ROW4: 'u32', WORKGROUP: 'u32' } },
  'cache-score': {
    ...cache,
    constants: { WORKGROUP: 'u32', PROPAGATE: 'u32', GRACE: 'u32', SYNTHETIC: 'u32', IMMORTAL: 'f32' },
  },
  'cache-select': { ...cache, constants: { WORKGROUP: 'u32' } },
  'cache-slots': { ...cache, constants: { MODE: 'u32', WORKGROUP: 'u32' }, uniforms: [CACHE, STEPS] },
  'cache-static': { ...cache, constants: { WORKGROUP: 'u32' } },

  // From logits to what is wanted of them.
  logsumexp: { room: 'head', constants: { N4: 'u32', WORKGROUP: 'u32' }, uniforms: [PART] },
  'target-logit': { room: 'head', constants: { N: 'u32', WORKGROUP: 'u32' }, uniforms: [PART] },
  divergence: { room: 'head', constants: { N4: 'u32', WORKGROUP: 'u32' }, uniforms: [PART] },
  'divergence-rows': { room: 'head', constants: { WORKGROUP: 'u32' }, uniforms: [ROWS] },
  'cross-entropy-backward': {
    room: 'head',
    constants: { N4: 'u32', WORKGROUP: 'u32', DISTILL: 'u32' },
    uniforms: [LOSS_PART],
  },
  sample: { room: 'sampling', constants: { WORKGROUP: 'u32' }, uniforms: [SAMPLE_STEP] },
  'sample-greedy': { room: 'sampling', constants: { WORKGROUP: 'u32' }, uniforms: [SAMPLE_STEP] },

  // Training.
  'product-tile': product,
  'product-lanes4': { ...product, like: 'product-tile' },
  'product-lanes8': { ...product, like: 'product-tile' },
  'soft-mask': {
    room: 'soft-mask',
    constants: { WORKGROUP: 'u32', PROPAGATE: 'u32', GRACE: 'u32' },
    uniforms: [LAYER],
  },
  'soft-mask-train': {
    room: 'soft-mask',
    constants: { WORKGROUP: 'u32', GRACE: 'u32' },
    uniforms: [MASK_LAYER],
  },
  'soft-mask-backward': { room: 'soft-mask', constants: { WORKGROUP: 'u32' }, uniforms: [MASK_GRADIENT] },
  'selective-mask': { room: 'soft-mask', constants: { WORKGROUP: 'u32' }, uniforms: [LAYER] },
  'selective-mask-train': { room: 'soft-mask', constants: { WORKGROUP: 'u32' }, uniforms: [SELECTION] },
  'selective-mask-backward': {
    room: 'soft-mask',
    constants: { WORKGROUP: 'u32' },
    uniforms: [MASK_GRADIENT],
  },
  'depth-mask': { room: 'soft-mask', constants: { WORKGROUP: 'u32', FIRST: 'u32' }, uniforms: [ELEMENTS] },
  'decay-mask': { room: 'soft-mask', constants: { WORKGROUP: 'u32' }, uniforms: [DECAY_LAYER] },
  'decay-mask-backward': { room: 'soft-mask', constants: { WORKGROUP: 'u32' }, uniforms: [DECAY_GRADIENT] },
  'column-peaks': {
    room: 'gradients',
    constants: { WORKGROUP: 'u32', FIRST: 'u32' },
    uniforms: [PEAKS],
  },
  'gate-error': { room: 'gradients', constants: { WORKGROUP: 'u32' }, uniforms: [GATE_ERROR] },
  'layernorm-backward': {
    room: 'gradients',
    constants: { C4: 'u32', EPSILON: 'f32', WORKGROUP: 'u32', ACCUMULATE: 'u32' },
  },
  'embedding-backward': {
    room: 'gradients',
    constants: { C4: 'u32', WORKGROUP: 'u32' },
    uniforms: [TABLE_SLICE],
  },
  'head-dots': {
    room: 'gradients',
    constants: { H: 'u32', D4: 'u32', WORKGROUP: 'u32' },
    uniforms: [ROWS],
  },
  'column-sums': {
    room: 'gradients',
    constants: { WORKGROUP: 'u32', ROWS: 'u32', NORMALISED: 'u32' },
    uniforms: [MATRIX],
  },
  'column-fold': { room: 'gradients', constants: { WORKGROUP: 'u32' }, uniforms: [BLOCKS] },
  total: { room: 'gradients', constants: { WORKGROUP: 'u32' }, uniforms: [STRETCH] },
  squares: { room: 'gradients', constants: { WORKGROUP: 'u32' }, uniforms: [GRADIENT] },
  'gradient-norm': { room: 'gradients', constants: { WORKGROUP: 'u32' }, uniforms: [GRADIENT_SUMS] },
  adamw: { room: 'gradients', constants: { WORKGROUP: 'u32' }, uniforms: [ADAMW_STEP] },
} as const satisfies Record<string, KernelRow>

export type KernelName = keyof typeof KERNELS

/** What a kernel has to choose from: `VariantOf<'evict'>['score']`. */
export type VariantOf<K extends KernelName> = (typeof KERNELS)[K] extends { variants: infer V }
  ? { [name in keyof V]: V[name] extends readonly (infer value)[] ? value : never }
  : never

export function kernelRow(name: KernelName): KernelRow {
  return KERNELS[name]
}
