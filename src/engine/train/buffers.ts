/** What a trainer holds besides parameters: each buffer's size and scope in one table, so that a plan and a run agree. */
import type { DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { LOGIT_ROWS } from '../gpt2/activations.js'
import { decisionWidth, type Gpt2Config } from '../gpt2/config.js'
import { METHODS, type Method } from '../methods.js'

/** Rows that one workgroup of column-sums.wgsl adds up. */
export const COLUMN_ROWS = 128

export interface TrainExtent {
  /** B */
  sequences: number
  /** T */
  tokens: number
  /** Columns of the widest vocabulary slice, padded to fours. */
  columns: number
  /** By which keys are learned to be dropped; null for a control. */
  method: Method | null
  /** Static controls: log-masks that never change. */
  patterned: boolean
  distilled: boolean
}

/** Elements of four bytes. */
type Size = (e: TrainExtent, c: Gpt2Config) => number

const rows = ({ sequences, tokens }: TrainExtent): number => sequences * tokens
const pairs = (e: TrainExtent): number => rows(e) * e.tokens
const ifLearned = (e: TrainExtent, elements: number): number => (e.method === null ? 0 : elements)
/** Selective attention scores keys by the first head. */
const ifScored = (e: TrainExtent, elements: number): number =>
  e.method === 'selective' ? 0 : ifLearned(e, elements)
const ifFading = (e: TrainExtent, elements: number): number =>
  e.method !== null && METHODS[e.method].fades ? elements : 0
/** By pairs of query and key. */
const ifPaired = (e: TrainExtent, elements: number): number =>
  e.method === 'adaptive' || e.method === 'selective' ? elements : 0
const ifBy = (method: Method, e: TrainExtent, elements: number): number =>
  e.method === method ? elements : 0
const wide =
  (width: (c: Gpt2Config) => number): Size =>
  (e, c) =>
    rows(e) * width(c)
const C = (c: Gpt2Config): number => c.nEmbd

/** Kept by every layer for the backward pass, with or without recomputation: small, or expensive to recompute. */
const SAVED = {
  /** (N, C) input of each block */
  x: wide(C),
  /** (N, 2r) interaction queries and keys, or (N, 4) scores of a gate */
  interaction: (e, c) => ifScored(e, rows(e) * decisionWidth(c)),
  /** (B, T, T) logs of what is left of keys, by the layer's own factors */
  masks: (e) => ifFading(e, pairs(e)),
  /** (B, T, T) d log p / dx; of selective attention, whether a score selects */
  rhos: (e) => ifPaired(e, pairs(e)),
  /** (B, T, T) masks of this layer and all before it, where drops propagate in depth */
  depthMasks: (e, c) => ifBy('adaptive', e, c.interaction?.propagateInDepth ? pairs(e) : 0),
} satisfies Record<string, Size>

/** Kept by every layer unless activations are recomputed in the backward pass; then all share one set. */
const RECOMPUTED = {
  /** (N, 3C) */
  qkv: wide((c) => 3 * c.nEmbd),
  /** (N, C) */
  heads: wide(C),
  /** (N, H) log-sum-exp of attention scores */
  lse: wide((c) => c.nHead),
  /** (N, C) between attention and MLP */
  middle: wide(C),
  /** (N, F) inputs of the activation function */
  expanded: wide((c) => c.nInner),
} satisfies Record<string, Size>

/** One for all layers. */
const SHARED = {
  /** (N, C) output of the last block */
  last: wide(C),
  normed: wide(C),
  /** (N, F) outputs of the activation function */
  hidden: wide((c) => c.nInner),
  /** (B, T, T) one head's attention */
  scores: pairs,
  /** (B, T, T) of a control: the same for all layers */
  pattern: (e) => (e.patterned ? pairs(e) : 0),
  /** (N) sums of what is left of a key; of gradients for beta */
  keeps: (e) => ifLearned(e, rows(e)),
  /** (N) the most attention that a key gets out of the window, where a gate learns to predict it */
  peaks: (e) => ifBy('kvzap', e, rows(e)),

  dx: wide(C),
  dNormed: wide(C),
  dHidden: wide((c) => c.nInner),
  dHeads: wide(C),
  dQkv: wide((c) => 3 * c.nEmbd),
  dInteraction: (e, c) => ifScored(e, rows(e) * decisionWidth(c)),
  /** (B, T, T) gradients of the log-masks, of the drop scores */
  dMasks: (e) => ifFading(e, pairs(e)),
  dDrops: (e) => ifPaired(e, pairs(e)),
  /** (N, H) */
  dots: wide((c) => c.nHead),
  /** (N, 2) mean, 1 / s of a layer norm */
  stats: wide(() => 2),
  columnSums: (e, c) => Math.ceil(rows(e) / COLUMN_ROWS) * Math.max(3 * c.nEmbd, c.nInner),

  /** (N, 2) token, position */
  tokens: wide(() => 2),
  /** (N) token that each row predicts */
  targets: wide(() => 1),
  /** (N, 4), (N): embedding-backward.wgsl's lists, of tokens and of positions */
  tokenUses: wide(() => 4),
  tokenOrder: wide(() => 1),
  positionUses: wide(() => 4),
  positionOrder: wide(() => 1),
  /** (B) */
  shifts: (e) => e.sequences,

  /** (LOGIT_ROWS, widest slice) */
  logits: (e) => Math.min(rows(e), LOGIT_ROWS) * e.columns,
  /** (N, 4) of logsumexp.wgsl */
  states: wide(() => 4),
  losses: wide(() => 1),
  teacherNormed: (e, c) => (e.distilled ? rows(e) * c.nEmbd : 0),
  teacherLogits: (e) => (e.distilled ? Math.min(rows(e), LOGIT_ROWS) * e.columns : 0),
  teacherStates: (e) => (e.distilled ? 4 * rows(e) : 0),
  divergences: (e) => (e.distilled ? 4 * rows(e) : 0),
} satisfies Record<string, Size>

type Buffers<Table> = Record<keyof Table, DeviceBuffer>
export type LayerBuffers = Buffers<typeof SAVED> & Buffers<typeof RECOMPUTED>
export type SharedBuffers = Buffers<typeof SHARED>

export interface TrainBuffers {
  layers: LayerBuffers[]
  shared: SharedBuffers
}

/** Bytes of all buffers. */
export function bufferBytes(extent: TrainExtent, config: Gpt2Config, recompute: boolean): number {
  const bytes = (table: Readonly<Record<string, Size>>): number =>
    Object.values(table).reduce((sum, elements) => sum + 4 * elements(extent, config), 0)
  const { nLayer: L } = config
  return L * bytes(SAVED) + (recompute ? 1 : L) * bytes(RECOMPUTED) + bytes(SHARED)
}

/** Makes them. Throws a Failure when one is too big to bind. */
export function makeBuffers(
  memory: Memory,
  extent: TrainExtent,
  config: Gpt2Config,
  recompute: boolean,
): TrainBuffers {
  const make = <Table extends Readonly<Record<string, Size>>>(table: Table, of = ''): Buffers<Table> =>
    Object.fromEntries(
      Object.entries(table).map(([name, elements]) => [
        name,
        memory.bound('activations', `${name}${of}`, 4 * elements(extent, config)),
      ]),
    ) as Buffers<Table>
  const one = recompute ? make(RECOMPUTED) : null
  const layers = Array.from({ length: config.nLayer }, (_, l) => {
    const of = ` of layer ${l}`
    return { ...make(SAVED, of), ...(one ?? make(RECOMPUTED, of)) }
  })
  return { layers, shared: make(SHARED) }
}
