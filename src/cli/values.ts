/**
 * What flags hold: text -> numbers, words, and lists of them as llama-bench writes them (`128,256`, `128-512+128`, `128-1024*2` and any
 * mix of these). Each takes the flag as typed, such as `--ctx`, which is what its message starts with, and throws Failure. Pure.
 */
import { Failure, nearestName } from '../errors.js'

const RANGE = /^(?<first>\d+)(-(?<last>\d+)((?<sign>[+*])(?<step>\d+))?)?$/
const HINT = 'a list such as 128,256 or a range such as 128-1024*2 or 128-512+128'

/** More values than anybody waits for: `1-1024` for `1,1024` must not start a run of days. */
const MOST = 256

export type NumberRule = { whole?: boolean; least?: number }

/** Bounds that depend on the model or on other flags are checked by the run, which knows them. */
export function parseNumber(flag: string, text: string, { whole = false, least }: NumberRule = {}): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  const fits = !Number.isNaN(value) && (!whole || Number.isSafeInteger(value))
  if (fits && (least === undefined || value >= least)) return value
  const what = `a ${whole ? 'whole ' : ''}number${least === undefined ? '' : ` from ${least}`}`
  throw new Failure(`${flag}: must be ${what}, got ${JSON.stringify(text)}`, {
    hint: '--help says what each flag takes',
  })
}

/** A number, or `all`, which is infinite. */
export const parseAmount = (flag: string, text: string): number =>
  text === 'all' ? Number.POSITIVE_INFINITY : parseNumber(flag, text)

/**
 * Whole numbers from `least`, each once, in the order they are named. A range ends at the last value that is not
 * above its end; without a step it counts by one.
 */
export function parseRange(flag: string, text: string, { least = 1 }: { least?: number } = {}): number[] {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    for (const value of expand(flag, part.trim())) {
      if (value < least) {
        throw new Failure(`${flag}: must be a whole number from ${least}, got ${value}`, { hint: HINT })
      }
      values.add(value)
      if (values.size > MOST) {
        throw new Failure(`${flag}: must name at most ${MOST} values, got more in ${JSON.stringify(text)}`, {
          hint: HINT,
        })
      }
    }
  }
  return [...values]
}

/** Numbers, each once, in the order they are named. The caller knows their bounds. */
export function parseNumbers(flag: string, text: string): number[] {
  const parts = text.split(',').map((part) => part.trim())
  const values = parts.map((part) => (part === '' ? Number.NaN : Number(part)))
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new Failure(
      `${flag}: must be numbers with commas between them, got ${JSON.stringify(parts[bad])}`,
      {
        hint: 'for example 0,0.5,0.8',
      },
    )
  }
  return [...new Set(values)]
}

function* expand(flag: string, part: string): Generator<number> {
  const { groups } = RANGE.exec(part) ?? {}
  if (groups === undefined) {
    throw new Failure(`${flag}: must be whole numbers or ranges of them, got ${JSON.stringify(part)}`, {
      hint: HINT,
    })
  }
  const first = Number(groups.first)
  const last = Number(groups.last ?? groups.first)
  const by = Number(groups.step ?? 1)
  const multiplies = groups.sign === '*'
  if (![first, last, by].every(Number.isSafeInteger)) {
    throw new Failure(`${flag}: must be whole numbers below 2^53, got ${JSON.stringify(part)}`, {
      hint: HINT,
    })
  }
  // A range that multiplies stands still at 0 and with a factor of 1.
  if (last < first || by < 1 || (multiplies && (by < 2 || first === 0))) {
    throw new Failure(`${flag}: must be a range that rises, got ${JSON.stringify(part)}`, { hint: HINT })
  }
  for (let value = first; value <= last; value = multiplies ? value * by : value + by) yield value
}

/** What --output-format takes in some command, and the pages that --output writes by their endings. */
const FORMS = ['table', 'md', 'csv', 'tsv', 'latex', 'json', 'jsonl', 'text', 'lm-eval', 'html', 'svg']

/** A file or folder to write to; a bare `json` is nobody's folder. */
export function parsePlace(flag: string, text: string): string {
  if (!FORMS.includes(text)) return text
  throw new Failure(`${flag}: must be a file or folder, got ${text}, which is a form`, {
    hint: `--output-format ${text} where a command has it, ${flag} results.${text} for a file, ${flag} ./${text} for a folder`,
  })
}

/** One of these words. */
export function parseWord<const W extends string>(flag: string, text: string, words: readonly W[]): W {
  const word = words.find((one) => one === text.trim())
  if (word !== undefined) return word
  throw new Failure(`${flag}: must be ${words.join(' or ')}, got ${JSON.stringify(text)}`, {
    hint: `for example ${flag} ${nearestName(text, words) ?? words[0]}`,
  })
}

/** `dense,local`: some of these words, each once. */
export const parseWords = <const W extends string>(flag: string, text: string, words: readonly W[]): W[] => [
  ...new Set(text.split(',').map((part) => parseWord(flag, part, words))),
]
