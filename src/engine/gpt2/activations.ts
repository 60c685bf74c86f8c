import type { DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { SEGMENT } from '../kernels/structs.js'
import { attentionWidth, decisionWidth, type Gpt2Config } from './config.js'
import { ruleStride } from './rule-buffers.js'

/** Rows of logits that are held at once. */
export const LOGIT_ROWS = 1024

/** How much of everything a batch needs. */
export interface Extent {
  /** N: rows of the batch. */
  rows: number
  /** Entries of one layer of death times. */
  keys: number
  segments: number
  /** Entries of the tile lists. */
  queryTiles: number
  trunkTiles: number
  branchTiles: number
  /** M: scored rows. */
  scored: number
  targets: number
  /** Entries of one layer of log-masks; 0 when no rule is soft and attention not selective. */
  pairs: number
  /** Entries of the death times of a static policy; 0 when no rule is one. */
  staticDeathTimes: number
  /** Entries of one layer of the death times that the device finds, of all heads where they decide for themselves; 0 when no rule needs them. */
  deathTimes: number
  /** Scores of keys and, a head, lengths of their values: what evicting policies remember; 0 when no rule does. */
  importances: number
  /** Words of the sums that evicting policies keep of all sequences; 0 when no rule goes by any. */
  sums: number
  /** Entries of the lists of live keys, of all heads where they decide for themselves. */
  listed: number
  /** Drop rules that a batch is scored under and compared by: 1 for plain scoring. */
  rules: number
}

/** Elements of four bytes of each activation, by name; the one list of what a forward pass holds. */
const SIZES = {
  /** (N, C) residual stream */
  x: (e: Extent, c: Gpt2Config) => e.rows * c.nEmbd,
  /** (N, C) output of a layer norm */
  normed: (e: Extent, c: Gpt2Config) => e.rows * c.nEmbd,
  /** (N, 3A) */
  qkv: (e: Extent, c: Gpt2Config) => e.rows * 3 * attentionWidth(c),
  /** (N, 2r) interaction queries and keys, or (N, 4) scores of a gate */
  interaction: (e: Extent, c: Gpt2Config) => e.rows * decisionWidth(c),
  /** (N, A) output of the attention heads */
  heads: (e: Extent, c: Gpt2Config) => e.rows * attentionWidth(c),
  /** (N, F) */
  hidden: (e: Extent, c: Gpt2Config) => e.rows * c.nInner,
  /** (L, 1 or H, keys) death times */
  deaths: (e: Extent, c: Gpt2Config) => e.deathTimes * c.nLayer,
  /** (1 or H, then 0 or H, keys) importance of keys, and lengths of values: of evicting policies; what was selected of keys; one layer at a time */
  importances: (e: Extent) => e.importances,
  /** (segments, H, ...) sums over queries or keys, one layer at a time */
  sums: (e: Extent) => e.sums,
  /** (keys) death times of a pass that drops nothing */
  never: (e: Extent) => e.keys,
  /** (keys) death times of a static policy, of all layers alike */
  staticDeaths: (e: Extent) => e.staticDeathTimes,
  /** (N, 2) token, position */
  tokens: (e: Extent) => 2 * e.rows,
  /** (segments) of SEGMENT */
  segments: (e: Extent) => SEGMENT.words * e.segments,
  queryTiles: (e: Extent) => 2 * e.queryTiles,
  trunkTiles: (e: Extent) => 2 * e.trunkTiles,
  branchTiles: (e: Extent) => 2 * e.branchTiles,
  /** (M) */
  scoredRows: (e: Extent) => e.scored,
  /** (targets, 2) scored row, token */
  targets: (e: Extent) => 2 * e.targets,
  /** (queryTiles: count, then keys) the keys a tile of queries visits, one layer at a time */
  lists: (e: Extent) => e.listed,
  /** (segments: own rows, whole length) logs of what is left of a key, one layer at a time */
  masks: (e: Extent) => e.pairs,
  /** (L, keys) sums over the later queries of what is left of a key */
  keeps: (e: Extent, c: Gpt2Config) => (e.pairs === 0 ? 0 : e.keys * c.nLayer),
  /** (rules, M, C) last layer norm of the scored rows */
  scoredNormed: (e: Extent, c: Gpt2Config) => e.rules * ruleStride(e.scored * c.nEmbd),
  /** (LOGIT_ROWS, widest slice) */
  logits: (e: Extent, _: Gpt2Config, columns: number) => Math.min(e.scored, LOGIT_ROWS) * columns,
  /** The same of the rule that others are compared with. */
  baseLogits: (e: Extent, _: Gpt2Config, columns: number) =>
    e.rules === 1 ? 0 : Math.min(e.scored, LOGIT_ROWS) * columns,
  /** (rules, M, 4) largest logit, sum of exponentials, its token */
  rowStates: (e: Extent) => e.rules * ruleStride(4 * e.scored),
  /** (rules, targets) */
  targetLogits: (e: Extent) => e.rules * ruleStride(e.targets),
  /** (rules - 1, M, 4) state of divergence.wgsl */
  divergences: (e: Extent) => (e.rules - 1) * ruleStride(4 * e.scored),
} satisfies Record<string, (extent: Extent, config: Gpt2Config, columns: number) => number>

export type ActivationName = keyof typeof SIZES
export type Activations = Record<ActivationName, DeviceBuffer>

const NOTHING: Extent = {
  rows: 0,
  keys: 0,
  segments: 0,
  queryTiles: 0,
  trunkTiles: 0,
  branchTiles: 0,
  scored: 0,
  targets: 0,
  pairs: 0,
  staticDeathTimes: 0,
  deathTimes: 0,
  importances: 0,
  sums: 0,
  listed: 0,
  rules: 1,
}

const NAMES = Object.keys(SIZES) as ActivationName[]

/** Bytes a batch of this extent needs; `columns` is the widest vocabulary slice in memory. */
export function activationBytes(extent: Extent, config: Gpt2Config, columns: number): number {
  return NAMES.reduce((sum, name) => sum + 4 * SIZES[name](extent, config, columns), 0)
}

/** Holds the activations of the largest batch so far, and replaces them when a batch outgrows them. */
export class ActivationPool {
  readonly #memory: Memory
  readonly #config: Gpt2Config
  readonly #columns: number
  #extent: Extent = NOTHING
  #held: Activations | null = null

  constructor(memory: Memory, config: Gpt2Config, columns: number) {
    this.#memory = memory
    this.#config = config
    this.#columns = columns
  }

  async fit(extent: Extent): Promise<Activations> {
    const names = Object.keys(this.#extent) as (keyof Extent)[]
    if (this.#held !== null && names.every((name) => extent[name] <= this.#extent[name])) return this.#held
    const grown = { ...this.#extent }
    for (const name of names) grown[name] = Math.max(grown[name], extent[name])
    this.release()
    this.#extent = grown
    const entries = NAMES.map((name) => {
      const bytes = 4 * SIZES[name](grown, this.#config, this.#columns)
      return [name, this.#memory.storage('activations', name, bytes)] as const
    })
    const held = Object.fromEntries(entries) as Activations
    this.#memory.write(held.never, new Uint32Array(grown.keys).fill(0xffffffff))
    await this.#memory.settled()
    this.#held = held
    return held
  }

  release(): void {
    if (this.#held !== null) for (const buffer of Object.values(this.#held)) this.#memory.free(buffer)
    this.#held = null
    this.#extent = NOTHING
  }
}
