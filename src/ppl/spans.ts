/** Words and bytes behind tokens: what word and byte perplexity divide by. Pure. */
import { PYTHON_SPACE } from '../data/python-text.js'

export interface TextAmount {
  /** Runs of characters between white space (Python's) that begin in the span. */
  words: number
  /** UTF-8. */
  bytes: number
}

const WORD = new RegExp(`[^${PYTHON_SPACE.slice(1)}+`, 'gu')
const ENDS_IN_SPACE = new RegExp(`${PYTHON_SPACE}$`, 'u')

/** Of the text between the beginnings of two of its tokens. */
export function amountBetween(text: string, starts: Uint32Array, first: number, last: number): TextAmount {
  const piece = text.slice(starts[first], starts[last])
  const words = piece.match(WORD)?.length ?? 0
  const before = text.slice(Math.max(0, starts[first] - 1), starts[first])
  // A word that goes on from before begins there.
  const goesOn = before !== '' && !ENDS_IN_SPACE.test(before) && piece !== '' && piece.search(WORD) === 0
  return { words: words - Number(goesOn), bytes: Buffer.byteLength(piece) }
}
