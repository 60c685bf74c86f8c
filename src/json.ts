/**
 * JSON of others -> a value that the rest of asp can walk. JSON.parse takes any depth, but whatever goes through a value afterwards
 * (JSON.stringify, structuredClone, a check, a library) calls itself for each level, and the stack ends after a few thousand.
 */

/** Levels of lists and objects. Records have some ten. */
const DEEPEST = 200

/** @throws SyntaxError on what is no JSON, and on what is nested deeper than anything that asp reads */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (isDeep(text)) throw new SyntaxError(`nested more than ${DEEPEST} levels deep`)
  return value
}

/** Of text that is JSON. */
function isDeep(text: string): boolean {
  if (!hasMany(text, '[') && !hasMany(text, '{')) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = closingQuote(text, at)
    else if (character === '[' || character === '{') {
      if (++depth > DEEPEST) return true
    } else if (character === ']' || character === '}') depth--
  }
  return false
}

/** Whether there are enough of an opening bracket, inside texts or not, for half of the depth. */
function hasMany(text: string, bracket: string): boolean {
  let found = 0
  for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
    if (++found > DEEPEST / 2) return true
  return false
}

/** Of the text that begins at `at`. */
function closingQuote(text: string, at: number): number {
  let end = at + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end
}
