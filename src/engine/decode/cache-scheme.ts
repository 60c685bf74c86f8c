/** What the kinds of cache (docs/method.md, Paged cache and Slot cache) do differently, and what all of them work on. */
import type { Binding, CommandEncoder, ComputePass, DeviceBuffer, Kernels, Slice } from '../compute/device.js'
import type { Gpt2Config } from '../gpt2/config.js'
import type { VariantOf } from '../kernels/table.js'
import type { Tuning } from '../tuning.js'
import type { LayerStatus } from './cache-status.js'
import type { CacheShape } from './layout.js'
import type { RowBounds } from './row-bounds.js'

/** What of an engine a cache needs. */
export interface CacheContext {
  config: Gpt2Config
  tuning: Tuning
  kernels: Kernels
  /** Memory that the lanes of a workgroup share. */
  workgroupBytes: number
  weights: { blocks: readonly { beta: number }[] }
}

/** One layer's buffers. */
export interface CacheLayer {
  pages: number
  /** (rows, A) */
  keys: DeviceBuffer
  /** (rows, A) */
  values: DeviceBuffer
  /** (rows, r) f32; of 16 bytes where nothing is dropped. */
  interactionKeys: DeviceBuffer
  state: DeviceBuffer
}

/** A layer and what dispatches over it need besides. */
export interface LayerView extends CacheLayer {
  context: CacheContext
  shape: CacheShape
  prunes: boolean
  /** Bytes of a row of keys or of values, and of one of interaction keys. */
  rowBytes: number
  interactionBytes: number
  /** (L, 2 B + 1) */
  status: DeviceBuffer
  /** The uniform struct Cache. */
  uniform: Slice
}

export interface SpanList {
  /** (spans) of struct Span. */
  spans: Binding
  /** Uniform {spans}. */
  spansUniform: Slice
}

/** The sequences of a step. */
export interface StepSpans extends SpanList {
  spanCount: number
}

/** What a step's dispatches read besides the cache. */
export interface StepRows extends StepSpans {
  /** (rows, 3 A) */
  qkv: Binding
  /** (rows, 2 r) */
  interaction: Binding
  /** (rows, rows of a slot) under selective attention: logs of what is left of keys. */
  masks: Binding
  /** (rows, 2): token, position. */
  tokens: Binding
  /** Rows of the longest span. */
  longest: number
}

/** How rows of a layer are placed, and what becomes of those that die. */
export interface CacheScheme {
  /** Every step goes through as many rows of each slot, and its own rows may lie anywhere among them. */
  padded: boolean
  /** Where new rows go. */
  next: VariantOf<'cache-append'>['next']
  /** Pages that a layer needs at most once `added` more rows are at each slot. */
  needed(bounds: RowBounds, shape: CacheShape, layer: number, added: ReadonlyMap<number, number>): number
  /** The pages a layer should have when it needs `needed` and has `held`; `held` itself when that will do. */
  wanted(needed: number, held: number, shape: CacheShape): number
  /** A layer's state when no sequence is there yet. */
  emptyState(shape: CacheShape, pages: number): Uint32Array
  /** Rows set aside for sequences in a layer of `pages` pages. */
  rowsHeld(status: LayerStatus, pages: number): number
  /** Room for the rows of a chunk. Steps of one row a sequence have it already. */
  reserve(pass: ComputePass, view: LayerView, step: StepSpans): void
  /** After the step's rows were put in. */
  occupy(pass: ComputePass, view: LayerView, step: StepSpans): void
  /** After the step's attention: rows that died leave, and what is known of each slot is set right. */
  compact(pass: ComputePass, view: LayerView, step: StepSpans): void
  /** Gives back everything that the slots of `ended` hold. */
  release(pass: ComputePass, view: LayerView, ended: SpanList): void
  /** Copies everything to buffers of another size. */
  move(encoder: CommandEncoder, from: LayerView, to: LayerView): void
}
