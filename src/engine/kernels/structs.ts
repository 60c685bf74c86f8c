/** The structs that kernels read: uniforms, and elements of tables. Shaders and twins say what each field means. */
import { struct } from './struct.js'

// Batches, cache and what is dropped.

/** Layer of batch.wgsl. */
export const LAYER = struct({
  keys: 'u32',
  layer: 'u32',
  betaShift: 'f32',
  alpha: 'f32',
  r4: 'u32',
  scale: 'f32',
  headKeys: 'u32',
  headLists: 'u32',
})

/** Segment of batch.wgsl. */
export const SEGMENT = struct({
  row: 'u32',
  length: 'u32',
  parentRow: 'u32',
  parentLength: 'u32',
  key: 'u32',
  parentKey: 'u32',
  pair: 'u32',
  list: 'u32',
  parent: 'u32',
  frozenFrom: 'u32',
})

/** Cache of cache.wgsl. */
export const CACHE = struct({
  slots: 'u32',
  maxPages: 'u32',
  nPositions: 'u32',
  layer: 'u32',
  positions: 'u32',
  free: 'u32',
  pages: 'u32',
  betaShift: 'f32',
  r4: 'u32',
  scattered: 'u32',
  scale: 'f32',
})

/** Span of cache.wgsl. */
export const SPAN = struct({ slot: 'u32', row: 'u32', count: 'u32', first: 'u32' })

/** Steps of cache-pages.wgsl and cache-slots.wgsl. */
export const STEPS = struct({ spans: 'u32' })

/** Budget of evict.wgsl. */
export const BUDGET = struct({
  layer: 'u32',
  keys: 'u32',
  budget: 'u32',
  recent: 'u32',
  A4: 'u32',
  scale: 'f32',
  decisions: 'u32',
})

// Rows, vocabulary and tokens.

/** Shape of matmul-output.wgsl. */
export const MATMUL_SHAPE = struct({ rows: 'u32' })

/** Slice of embedding.wgsl. */
export const VOCABULARY_SLICE = struct({ first: 'u32', columns: 'u32' })

/** Slice of embedding-rows.wgsl and embedding-backward.wgsl. */
export const TABLE_SLICE = struct({ first: 'u32', count: 'u32' })

/** Elements of activate.wgsl and depth-mask.wgsl. */
export const ELEMENTS = struct({ quads: 'u32', across: 'u32' })

/** Rows of divergence-rows.wgsl and head-dots.wgsl. */
export const ROWS = struct({ count: 'u32' })

/** Rows of softmax-rows.wgsl. */
export const SOFTMAX_ROWS = struct({ T: 'u32', head: 'u32' })

const part = { firstRow: 'u32', rows: 'u32', firstToken: 'u32', columns: 'u32' } as const

/** Part of logsumexp.wgsl, target-logit.wgsl and divergence.wgsl. */
export const PART = struct({ ...part, targets: 'u32' })

/** Part of cross-entropy-backward.wgsl. */
export const LOSS_PART = struct({ ...part, weight: 'f32', share: 'f32' })

/** Step of sample-choice.wgsl. */
export const SAMPLE_STEP = struct({
  rows: 'u32',
  step: 'u32',
  forced: 'u32',
  V: 'u32',
  width: 'u32',
  last: 'u32',
  half: 'u32',
})

/** Sampling of sample.wgsl. */
export const SAMPLING = struct({ temperature: 'f32', topK: 'u32', topP: 'f32', seed: 'u32' })

// Training.

/** Product of product.wgsl. */
export const PRODUCT = struct({
  M: 'u32',
  N: 'u32',
  K: 'u32',
  left: 'u32',
  leftWidth: 'u32',
  leftNext: 'u32',
  right: 'u32',
  rightWidth: 'u32',
  rightNext: 'u32',
  out: 'u32',
  outWidth: 'u32',
  outNext: 'u32',
  scale: 'f32',
  extra: 'u32',
})

/** Layer of soft-mask-train.wgsl. */
export const MASK_LAYER = struct({ T: 'u32', r4: 'u32', layer: 'u32', alpha: 'f32' })

/** Layer of soft-mask-backward.wgsl. */
export const MASK_GRADIENT = struct({ T: 'u32', w: 'f32' })

/** Matrix of column-sums.wgsl. */
export const MATRIX = struct({ rows: 'u32', N4: 'u32' })

/** Blocks of column-fold.wgsl. */
export const BLOCKS = struct({ count: 'u32', N4: 'u32' })

/** Stretch of total.wgsl. */
export const STRETCH = struct({ first: 'u32', count: 'u32', at: 'u32', scale: 'f32' })

/** Gradient of squares.wgsl. */
export const GRADIENT = struct({ quads: 'u32', at: 'u32', groups: 'u32' })

/** Sums of gradient-norm.wgsl. */
export const GRADIENT_SUMS = struct({ count: 'u32', clip: 'f32' })

/** Step of adamw.wgsl. */
export const ADAMW_STEP = struct({
  quads: 'u32',
  across: 'u32',
  rate: 'f32',
  decay: 'f32',
  beta1: 'f32',
  beta2: 'f32',
  epsilon: 'f32',
  c1: 'f32',
  c2: 'f32',
})
