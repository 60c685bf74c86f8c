/** Lists of values as llama-bench writes them: `128,256`, `128-512+128`, `128-1024*2` and any mix of these. Pure. */
import { Failure } from '../errors.js'

const RANGE = /^(?<first>\d+)(-(?<last>\d+)((?<sign>[+*])(?<step>\d+))?)?$/
const HINT = 'a list such as 128,256 or a range such as 128-1024*2 or 128-512+128'

/** More values than anybody waits for: `1-1024` for `1,1024` must not start a run of days. */
const MOST = 256

/**
 * Whole numbers from `least`, each once, in the order they are named. A range ends at the last value that is not
 * above its end; without a step it counts by one.
 * @param flag as typed, such as `--ctx`: what the message starts with
 * @throws Failure
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
  // A range that multiplies stands still at 0 and with a factor of 1.
  if (last < first || by < 1 || (multiplies && (by < 2 || first === 0))) {
    throw new Failure(`${flag}: must be a range that rises, got ${JSON.stringify(part)}`, { hint: HINT })
  }
  for (let value = first; value <= last; value = multiplies ? value * by : value + by) yield value
}

/** `dense,local`: some of these words, each once. */
export function parseWords<const W extends string>(flag: string, text: string, words: readonly W[]): W[] {
  const found = text.split(',').map((part) => {
    const word = words.find((one) => one === part.trim())
    if (word !== undefined) return word
    throw new Failure(`${flag}: must be ${words.join(' or ')}, got ${JSON.stringify(part)}`, {
      hint: `${flag} ${words.join(',')}`,
    })
  })
  return [...new Set(found)]
}
