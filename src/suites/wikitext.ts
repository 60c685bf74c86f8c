/** WikiText: pages out of the raw file, and the detokeniser lm-eval applies to a page (docs/lm-eval.md, Preparations). */
import { PYTHON_SPACE, pythonStrip } from '../data/python-text.js'
import type { DataRow } from '../data/rows.js'

/** Trims white space just inside a pair of marks; the shortest span, which may hold newlines but not the closing mark. */
function inside(open: string, close: string): [RegExp, string] {
  return [
    new RegExp(`\\${open}${PYTHON_SPACE}*([^\\${close}]*?)${PYTHON_SPACE}*\\${close}`, 'g'),
    `${open}$1${close}`,
  ]
}

/** In this order, every one everywhere. The second is lm-eval's own slip: its slashes are part of the pattern. */
const DETOKENIZE: readonly (readonly [what: string | RegExp, to: string])[] = [
  ["s '", "s'"],
  [/\/' [0-9]\//g, "/'[0-9]/"],
  [' @-@ ', '-'],
  [' @,@ ', ','],
  [' @.@ ', '.'],
  [' : ', ': '],
  [' ; ', '; '],
  [' . ', '. '],
  [' ! ', '! '],
  [' ? ', '? '],
  [' , ', ', '],
  inside('(', ')'),
  inside('[', ']'),
  inside('{', '}'),
  inside('"', '"'),
  inside("'", "'"),
  ['= = = =', '===='],
  ['= = =', '==='],
  ['= =', '=='],
  [' ° ', '°'],
  [' \n', '\n'],
  ['\n ', '\n'],
  [' N ', ' 1 '],
  [" 's", "'s"],
]

export function detokenizeWikitext(page: string): string {
  return DETOKENIZE.reduce((text, [what, to]) => text.replaceAll(what, to), page)
}

/** Pages of `wiki.*.raw`, each from its level-1 heading to the next, as rows { page } with the heading's line. */
export function wikitextPages(raw: string): DataRow[] {
  const lines = raw.replaceAll('\r\n', '\n').split('\n')
  const starts = lines.flatMap((line, i) => (isTitle(line) ? [i] : []))
  if (starts[0] !== 0 && lines.slice(0, starts[0]).some((line) => pythonStrip(line) !== '')) starts.unshift(0)
  return starts.map((start, i) => ({
    value: { page: lines.slice(start, starts[i + 1]).join('\n') },
    line: start + 1,
  }))
}

/** Level 1 is `= Title =`; deeper levels are written with spaced marks, `= = Title = =`. */
function isTitle(line: string): boolean {
  const joined = pythonStrip(line.replaceAll('= = =', '===').replaceAll('= =', '=='))
  return joined.startsWith('= ') && joined.endsWith(' =')
}
