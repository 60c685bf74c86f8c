/** WikiText: pages out of the raw file, and the detokeniser lm-eval applies to a page (docs/lm-eval.md, Preparations). */
import { pythonStrip } from '../data/python-text.js'
import type { DataRow } from '../data/rows.js'

type Step = (text: string) => string

/** Everywhere, as Python's `replace` and `sub` do. */
function replaced(what: string | RegExp, to: string): Step {
  return (text) => text.replaceAll(what, to)
}

/**
 * Trims white space just inside a pair of marks; the shortest span, which may hold newlines but not the closing mark. lm-eval's
 * pattern, `\(\s*([^\)]*?)\s*\)`, takes a time that grows with the cube of a run of spaces.
 */
function inside(open: string, close: string): Step {
  return (text) => {
    let [trimmed, at] = ['', 0]
    for (let begin = text.indexOf(open); begin >= 0; begin = text.indexOf(open, at)) {
      const end = text.indexOf(close, begin + 1)
      if (end < 0) break
      trimmed += text.slice(at, begin + 1) + pythonStrip(text.slice(begin + 1, end)) + close
      at = end + 1
    }
    return trimmed + text.slice(at)
  }
}

/** In this order, every one everywhere. The second is lm-eval's own slip: its slashes are part of the pattern. */
const DETOKENIZE: readonly Step[] = [
  replaced("s '", "s'"),
  replaced(/\/' [0-9]\//g, "/'[0-9]/"),
  replaced(' @-@ ', '-'),
  replaced(' @,@ ', ','),
  replaced(' @.@ ', '.'),
  replaced(' : ', ': '),
  replaced(' ; ', '; '),
  replaced(' . ', '. '),
  replaced(' ! ', '! '),
  replaced(' ? ', '? '),
  replaced(' , ', ', '),
  inside('(', ')'),
  inside('[', ']'),
  inside('{', '}'),
  inside('"', '"'),
  inside("'", "'"),
  replaced('= = = =', '===='),
  replaced('= = =', '==='),
  replaced('= =', '=='),
  replaced(' ° ', '°'),
  replaced(' \n', '\n'),
  replaced('\n ', '\n'),
  replaced(' N ', ' 1 '),
  replaced(" 's", "'s"),
]

export function detokenizeWikitext(page: string): string {
  return DETOKENIZE.reduce((text, step) => step(text), page)
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
