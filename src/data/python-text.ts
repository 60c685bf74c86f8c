/**
 * Python's view of text, where JavaScript's differs and scores depend on it (docs/lm-eval.md, Python's text).
 * lm-eval is Python; a `trim()` or a `.length` in its place changes requests and acc_norm without any error.
 */

/** The characters of `str.isspace`, which also are `\s` of Python's `re`. JS `\s` adds U+FEFF and lacks 1C-1F and 85. */
const WHITESPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

/** A regular-expression class equal to Python's `\s`; for use inside patterns. */
export const PYTHON_SPACE = `[${WHITESPACE}]`

const LEADING = new RegExp(`^${PYTHON_SPACE}+`, 'u')
const RUNS = new RegExp(`${PYTHON_SPACE}+`, 'u')
const IS_SPACE = new RegExp(`^${PYTHON_SPACE}$`, 'u')

/** `len(text) - len(text.rstrip())`; whitespace characters are all single UTF-16 units. */
export function trailingWhitespace(text: string): number {
  let end = text.length
  while (end > 0 && IS_SPACE.test(text.charAt(end - 1))) end--
  return text.length - end
}

/** `text.rstrip()` */
export function pythonRstrip(text: string): string {
  return text.slice(0, text.length - trailingWhitespace(text))
}

/** `text.lstrip()` */
export function pythonLstrip(text: string): string {
  return text.replace(LEADING, '')
}

/** `text.strip()` */
export function pythonStrip(text: string): string {
  return pythonRstrip(pythonLstrip(text))
}

/** `re.split(r'\s+', text)`: empty pieces at either end are kept and count. */
export function splitWhitespace(text: string): string[] {
  return text.split(RUNS)
}

/** `len(text)`: Unicode code points, not UTF-16 units. */
export function pythonLength(text: string): number {
  let length = 0
  for (const _ of text) length++
  return length
}

/**
 * `text.capitalize()`: the first character in title case and everything after it in lower case.
 * Not reproduced: Greek letters with iota subscript and scripts newer than CPython 3.11's Unicode tables.
 */
export function pythonCapitalize(text: string): string {
  const [first] = text
  if (first === undefined) return ''
  // The whole text is lowered, not its tail, because a final sigma looks at what stands before it.
  return titleCase(first) + text.toLowerCase().slice(first.toLowerCase().length)
}

function titleCase(character: string): string {
  if (/[Ǆ-ǆ]/u.test(character)) return 'ǅ'
  if (/[Ǉ-ǉ]/u.test(character)) return 'ǈ'
  if (/[Ǌ-ǌ]/u.test(character)) return 'ǋ'
  if (/[Ǳ-ǳ]/u.test(character)) return 'ǲ'
  if (character === 'ŉ') return 'ʼN'
  // Georgian has capitals, but its title case is the letter itself.
  if (/[ა-ჿ]/u.test(character)) return character
  const [head = '', ...rest] = character.toUpperCase()
  return head + rest.join('').toLowerCase()
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/**
 * `json.dumps(value)`: separators `", "` and `": "`, everything outside printable ASCII escaped, keys as they come.
 * The form lm-eval's request hashes and cache keys are made of (docs/lm-eval.md, Hashes). Numbers must be integers.
 */
export function pythonJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`)
      .join(', ')}}`
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
