/** Which windows of a text are looked at, and what their tokens are. Pure but for the tagger. */
import { type TokenClasses, tokenClasses } from './classes.js'
import type { Tagger } from './tagger.js'

/** Tokens `first` to `first + ctx - 1` of the text. */
export interface TextWindow {
  first: number
  input: Uint32Array
}

/** Windows that stand side by side, evenly spread over the text where there are more than `limit` tokens allow; one at least. */
export function chooseWindows(tokens: Uint32Array, ctx: number, limit: number): TextWindow[] {
  const all = Math.floor(tokens.length / ctx)
  const count = Math.min(all, Math.max(1, Math.floor(limit / ctx)))
  return Array.from({ length: count }, (_, i) => {
    const first = ctx * Math.floor((i * all) / count)
    return { first, input: tokens.subarray(first, first + ctx) }
  })
}

/** Characters before and behind a window that the tagger sees as well: tags depend on neighbours. */
const MARGIN = 200

/** @param starts (tokens of the text + 1) where each token begins */
export function windowClasses(
  text: string,
  starts: Uint32Array,
  { first, input }: TextWindow,
  { tag }: Pick<Tagger, 'tag'>,
): TokenClasses[] {
  const own = starts.subarray(first, first + input.length + 1)
  const from = Math.max(0, own[0] - MARGIN)
  const piece = text.slice(from, own[input.length] + MARGIN)
  return tokenClasses(
    piece,
    own.map((start) => start - from),
    tag(piece),
  )
}
