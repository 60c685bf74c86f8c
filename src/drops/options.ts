/** What `asp drops` is asked for of one text, and what of it can be checked without reading anything. Pure. */
import { Failure } from '../errors.js'
import type { LevelFlags } from '../pruning/choose.js'
import type { ModelOptions } from '../run/model.js'

interface LevelOptions extends ModelOptions, LevelFlags {
  /** Of the calibration sample. */
  seed: number
}

/** Of corpus statistics: windows of texts, for several checkpoints. */
export interface StatsOptions extends Omit<LevelOptions, 'model'> {
  /** Paths, `-`, Hub datasets; the bundled sample when empty. */
  inputs: readonly string[]
  /** Field of rows that holds the text. */
  column: string
  /** The bundled adaptive checkpoint when empty. */
  models: readonly string[]
  /** Tokens of a window. */
  ctx?: number
  /** Tokens looked at, at most. */
  limit: number
}

export interface DropsOptions extends LevelOptions {
  /** A text, a file, `-`, or `<suite>:<item>`. */
  input?: string
  /** Where a suite's items are read from, as for `asp eval`. */
  data?: string
  /** Tokens of the text at most; undefined is as many as the model takes. */
  limit?: number
}

/** Throws a Failure at the first thing that no checkpoint and no text could make right. */
export function checkOptions({ input, limit }: DropsOptions): void {
  if (input === undefined) {
    throw new Failure('text: must be given, got none', {
      hint: "a text in quotes, a file, - for standard input, or a suite's item such as hellaswag:0",
    })
  }
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 2)) {
    throw new Failure(`--limit: must be a whole number from 2, got ${limit}`, { hint: 'a number of tokens' })
  }
}
