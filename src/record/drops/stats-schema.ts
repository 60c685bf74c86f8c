/**
 * The record of `asp drops --stats`, `asp.drop-stats/1`: which kinds of tokens survive how long in windows of a text, and which
 * kinds kill them, layer by layer, for one or more checkpoints. schemas/asp.drop-stats-1.schema.json describes it.
 */

import type { EnvironmentRecord, ModelRecord, PolicyRecord, RunSparsity } from '../eval/schema.js'
import type { TextSourceRecord } from '../ppl/schema.js'
import type { DeathCause } from './schema.js'

export const DROP_STATS_SCHEMA = 'asp.drop-stats/1'

/** Ways to tell tokens apart; each puts every token into one class. */
export const DIMENSION_NAMES = ['all', 'kind', 'part_of_speech', 'place_in_word', 'position'] as const
export type DimensionName = (typeof DIMENSION_NAMES)[number]

export interface DropStatsRecord {
  schema: typeof DROP_STATS_SCHEMA
  kind: 'drop-stats'
  /** Unix time of the start, seconds. */
  date: number
  text: StatsText
  /** Tokens of a window. */
  ctx: number
  /** a: in how many tokens' time survival is looked at. */
  ages: number[]
  tagger: TaggerRecord
  /** One a checkpoint, in the order they were named. */
  runs: StatsRun[]
  seed: number
  environment: EnvironmentRecord
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

export interface StatsText {
  sources: TextSourceRecord[]
  /** UTF-16 units. */
  characters: number
  /** Of the text itself, UTF-8, documents joined. */
  sha256: string
  /** Tokens looked at, at most; null for all. */
  limit: number | null
}

export interface TaggerRecord {
  name: string
  version: string
  model: string
  model_version: string
}

export interface StatsRun {
  model: ModelRecord
  policy: PolicyRecord
  sparsity: RunSparsity
  cause: DeathCause
  /** Windows that were looked at, and their tokens. */
  windows: number
  tokens: number
  dimensions: DimensionRecord[]
  /** The words that kill most, all layers together; empty where nothing kills. */
  killers: KillerRecord[]
}

export interface DimensionRecord {
  name: DimensionName
  /** That have any token, in a fixed order. */
  classes: ClassRecord[]
}

export interface ClassRecord {
  name: string
  tokens: number
  /** Of all tokens. */
  share: number
  /** Over all layers together. */
  mean: ClassFigures
  layers: ClassFigures[]
}

export interface ClassFigures {
  /** Alive at the end of the window. */
  end: ShareFigure
  /** Alive at each of the record's ages; of the tokens that the window lets grow so old. */
  ages: ShareFigures
  /** Null where a death names no killer. */
  kills: KillFigure | null
}

/** 95 % intervals take windows as what is drawn; docs/drops.md has the formula. */
export interface ShareFigure {
  /** Tokens, times layers where several are taken together. */
  of: number
  count: number
  /** Null where there are none. */
  share: number | null
  low: number | null
  high: number | null
}

/** The same in columns, an entry an age. */
export type ShareFigures = { [key in keyof ShareFigure]: ShareFigure[key][] }

export interface KillFigure extends ShareFigure {
  /**
   * The share of kills that are of this class, over the class's share of tokens that could kill (all but a window's first): above
   * 1 kills more often than tokens do on average.
   */
  over_base: number | null
}

export interface KillerRecord {
  /** As written, without the white space around it if it is anything else. */
  text: string
  tokens: number
  kills: number
  per_layer: number[]
}
