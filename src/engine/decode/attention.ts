/**
 * Attention to the key-value cache: of single query rows, one a sequence, when decoding, and of the many rows of a chunk
 * when reading prompts.
 */
import type { Binding, ComputePass, DeviceBuffer, Grid, KernelSpec, Slice } from '../compute/device.js'
import { attentionWidth, type Gpt2Config, headWidth } from '../gpt2/config.js'
import type { ForwardContext } from '../gpt2/layers.js'
import { SPAN } from '../kernels/structs.js'
import type { WeightDtype } from '../matmul.js'
import { SMALLEST_QUERY_TILE, SPLIT_ROWS, type Tuning } from '../tuning.js'

/** What attention reads and writes; `cache` is the uniform struct Cache of the layer. */
export interface CacheBuffers {
  /** (rows, 3 A) */
  qkv: DeviceBuffer
  /** (rows of the pool, A), as `dtype` has it. */
  keys: DeviceBuffer
  values: DeviceBuffer
  state: DeviceBuffer
  /** Death times, or, for attention with masks, what is left of the slot's rows for each row of the step. */
  deaths: DeviceBuffer
  /** (rows, 2): token, position. */
  tokens: DeviceBuffer
  /** (rows, A) */
  out: DeviceBuffer
  /** Partial results of single rows, or lists of live rows of chunks: of `scratchWords` words. */
  scratch: DeviceBuffer
  cache: Slice
}

type Heads = Pick<Gpt2Config, 'nHead' | 'nEmbd'>

interface CacheKind {
  /** How keys and values are stored. */
  dtype: WeightDtype
  /** Nothing is dropped: death times are not read. */
  dense: boolean
}

export interface RowsToAttend extends CacheKind {
  /** (count) of struct Span, one row each. */
  spans: DeviceBuffer
  count: number
  /** No slot holds more rows than this, the step's own among them. */
  bound: number
}

export interface TilesToAttend extends CacheKind {
  /** Whether keys fade before they die, so that every row is visited; false when undefined. */
  masked?: boolean
  /** (count) of struct Span, as `chunkTiles` has them. */
  tiles: DeviceBuffer
  count: number
  /** Rows of the longest span. */
  longest: number
}

export interface AttentionDispatch {
  spec: KernelSpec
  bindings: readonly Binding[]
  grid: Grid
}

/** Words of `scratch` for steps of at most `slots` sequences, and chunks of at most `rows` rows in all. */
export function scratchWords(
  config: Heads & Pick<Gpt2Config, 'nPositions'>,
  { slots, rows }: { slots: number; rows: number },
): number {
  const { nHead: H, nPositions } = config
  const partials = splitsOf(nPositions) * slots * H * (headWidth(config) + 4)
  const tiles = Math.floor(rows / SMALLEST_QUERY_TILE) + slots
  return Math.max(partials, tiles * (2 + nPositions))
}

/**
 * The last row of each sequence attends to everything it may see.
 * A sequence's rows are cut at multiples of SPLIT_ROWS whatever the batch is, so that it gives the same bits in any batch.
 */
export function rowDispatches(
  config: Heads,
  { rowAttention, lanes }: Tuning,
  buffers: CacheBuffers,
  { spans, count, bound, dtype, dense }: RowsToAttend,
): AttentionDispatch[] {
  const { qkv, keys, values, state, deaths, tokens, out, scratch, cache } = buffers
  const splits = splitsOf(bound)
  const width = `${headWidth(config)}`
  const to = splits === 1 ? out : scratch
  const walk: AttentionDispatch = {
    spec: {
      kernel: rowAttention.kernel,
      variant: { dtype, width },
      constants: { DENSE: Number(dense), ...rowAttention.constants },
    },
    bindings: [qkv, keys, values, state, deaths, spans, to, tokens, cache],
    grid: [splits, config.nHead, count],
  }
  if (splits === 1) return [walk]
  const merge: AttentionDispatch = {
    spec: {
      kernel: 'decode-attention-merge',
      variant: { width },
      constants: { H: config.nHead, ROWS: SPLIT_ROWS, WORKGROUP: lanes },
    },
    bindings: [scratch, state, spans, out],
    grid: [Math.ceil(attentionWidth(config) / 4 / lanes), count],
  }
  return [walk, merge]
}

/** Cuts spans into tiles of `size` queries: (tiles) of struct Span. */
export function chunkTiles(
  spans: readonly { slot: number; row: number; count: number }[],
  size: number,
): Uint32Array {
  return SPAN.table(
    spans.flatMap((span) =>
      Array.from({ length: Math.ceil(span.count / size) }, (_, i) => ({ ...span, first: i * size })),
    ),
  )
}

/**
 * Chunks of fewer rows go without lists: making them costs a dispatch, and what died since the chunk began, all that they
 * can leave out where dropped rows are removed, is little.
 */
const LIST_FROM = 128

/** Every row of a chunk attends to what it may see of its slot's rows, the chunk's own among them. */
export function chunkDispatches(
  config: Heads,
  { attention, lanes }: Tuning,
  { qkv, keys, values, state, deaths, tokens, out, scratch, cache }: CacheBuffers,
  { tiles, count, longest, dtype, dense, masked = false }: TilesToAttend,
): AttentionDispatch[] {
  const { body, queryTile } = attention
  const listed = !dense && !masked && longest >= LIST_FROM
  const walk: AttentionDispatch = {
    spec: {
      kernel: 'attend-chunk',
      variant: {
        body,
        rows: listed ? 'live-rows' : 'every-row',
        mask: masked ? 'masks' : 'deaths',
        dtype,
        width: `${headWidth(config)}`,
      },
      constants: masked ? attention.constants : { DENSE: Number(dense), ...attention.constants },
    },
    bindings: [qkv, keys, values, state, deaths, tiles, out, listed ? scratch : tokens, cache],
    grid: [count, config.nHead],
  }
  if (!listed) return [walk]
  const list: AttentionDispatch = {
    spec: {
      kernel: 'live-list-cache',
      constants: { QUERY_TILE: queryTile, WORKGROUP: lanes },
    },
    bindings: [state, deaths, tiles, tokens, scratch, cache],
    grid: [count],
  }
  return [list, walk]
}

/** Adds the dispatches of an attention to the pass. */
export function encodeAttention(
  { kernels }: ForwardContext,
  pass: ComputePass,
  dispatches: readonly AttentionDispatch[],
): void {
  for (const { spec, bindings, grid } of dispatches) kernels.dispatch(pass, spec, bindings, grid)
}

function splitsOf(rows: number): number {
  return Math.max(1, Math.ceil(rows / SPLIT_ROWS))
}
