/** Tokens where every character has its place: what is shown for white space, how wide it is, and where lines break. Pure. */

/** Characters that take two columns of a terminal: East Asian wide ones and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u
/** Marks that would turn the text around them. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const NO_WIDTH = /\p{M}|[\u200b\u200c]|\u200d/u

export function columnsWide(text: string): number {
  let columns = 0
  for (const character of text) columns += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

/** A token that can be seen: marks for line ends, tabs and other controls, and for a part of a character. */
export function visible(text: string): string {
  if (text === '') return '▯'
  const marked = text
    .replace(/\n/g, '↵')
    .replace(/\t/g, '⇥')
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '·')
    .replace(DIRECTION, '·')
  return marked.trim() === '' ? '␣'.repeat(marked.length) : marked
}

export interface TextCell {
  /** Position of the token. */
  at: number
  /** As shown; spaces before a word are part of it. */
  text: string
  /** Where it begins in its line. */
  column: number
  columns: number
}

/** Lines of tokens at most `width` columns long; a line ends after a token with a line end. A token is never broken. */
export function textLines(texts: readonly string[], width: number): TextCell[][] {
  const lines: TextCell[][] = []
  let line: TextCell[] = []
  let column = 0
  const flush = (): void => {
    if (line.length > 0) lines.push(line)
    line = []
    column = 0
  }
  for (const [at, raw] of texts.entries()) {
    const text = visible(raw)
    const columns = columnsWide(text)
    if (column + columns > width) flush()
    line.push({ at, text, column, columns })
    column += columns
    if (raw.includes('\n')) flush()
  }
  flush()
  return lines
}
