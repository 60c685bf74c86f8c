/**
 * The record of one `asp drops` run on one text, `asp.drops/1`: which layer dropped which token when. Everything that is shown
 * of it, who killed whom as well, follows from the death times. schemas/asp.drops-1.schema.json describes it for other programs.
 */
import type { EnvironmentRecord, ModelRecord, PolicyRecord, RunSparsity } from '../eval/schema.js'

export const DROPS_SCHEMA = 'asp.drops/1'

/**
 * What a death time names. `query`: the later token whose drop score killed the key (docs/method.md, Death times). `position`: the first token
 * that is too far away, as in a window. `budget`: the token behind the eviction; it did not choose the victim.
 */
export const DEATH_CAUSES = ['query', 'position', 'budget'] as const
export type DeathCause = (typeof DEATH_CAUSES)[number]

export const DROPS_TEXT_KINDS = ['argument', 'stdin', 'file', 'suite'] as const

export interface DropsRecord {
  schema: typeof DROPS_SCHEMA
  kind: 'drops'
  /** Unix time of the start, seconds. */
  date: number
  text: DropsText
  model: ModelRecord
  policy: PolicyRecord
  sparsity: RunSparsity
  cause: DeathCause
  /** n, as the model was fed. */
  tokens: DropsToken[]
  /**
   * (layers, n): the first position that no longer sees the token; null for one that all later tokens see. Of `query`, that
   * position is the killer's.
   */
  deaths: (number | null)[][]
  environment: EnvironmentRecord
  /** The arguments as typed, starting with `asp`. */
  command: string[]
}

export interface DropsText {
  kind: (typeof DROPS_TEXT_KINDS)[number]
  /** The path, the name of the suite, `-` for standard input; null for a text given as an argument. */
  source: string | null
  /** Of a suite's item: which one, and which of its requests. */
  item: DropsItem | null
  /** Of the whole text; more than the record's where the model takes no more, or was to take no more. */
  tokens: number
}

export interface DropsItem {
  /** Position in the full split. */
  document: number
  /** The choice that is scored, from 0. */
  request: number
  /** In one phrase, where the suite's items came from. */
  data: string
}

export interface DropsToken {
  id: number
  /** Its part of the text; empty where a later token completes the character. */
  text: string
}
