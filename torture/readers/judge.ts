/** Whether a reader kept its promises on one file: what it threw, what it showed, how long it took and how much memory. */
import { describeError } from '../../src/cli/report-error.js'
import { EXIT, Failure } from '../../src/errors.js'
import { output } from '../../src/report/escape.js'

/** Exit codes of bad input; asp compare has 3 for records that cannot be compared. */
const EXITS: readonly number[] = [EXIT.usage, 3]

/** A message and a hint of the greatest length that src/errors.ts leaves, and the words between. */
const LONGEST_LINE = 6_500

export const LIMITS = {
  /** Seconds of the processor. Foreign regular expressions alone have five (docs/tokenizers.md). */
  seconds: 10,
  /** Bytes that one file of at most a few hundred kilobytes may add to what the process ever held. */
  memory: 300 * 2 ** 20,
}

/** What terminals obey and pages must not have, but for tabs and line ends; colours of asp's own are taken out first. */
const CONTROLS = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/u
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g')

/** Words that stand where a figure should. */
const NO_FIGURE = /(?<![\w"'-])(NaN|undefined|Infinity|\[object Object\])(?![\w"'])/

/** What was promised and did not happen; null where all is well. */
export function faultOfError(error: unknown): string | null {
  if (!(error instanceof Failure)) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    const frame = stack.split('\n').find((line) => /\/(src|dist)\//.test(line)) ?? ''
    return `unexpected: ${message.slice(0, 160)} ${frame.trim().replace(/\(?(file:\/\/)?\/.*\/((src|dist)\/)/, '($2')}`
  }
  const { line = '', exit } = describeError(error)
  if (!EXITS.includes(exit)) return `exit code ${exit} for bad input: ${line.slice(0, 160)}`
  return faultOfLine(output(line))
}

/** Of an error as a person sees it. */
export function faultOfLine(line: string): string | null {
  if (line.includes('\n')) return `an error of ${line.split('\n').length} lines`
  if (line.length > LONGEST_LINE) return `an error of ${line.length} characters`
  if (CONTROLS.test(line)) return 'an error with control characters'
  return /\[object Object\]|: undefined:|^error: (undefined|null)\b/.test(line)
    ? `an error without its subject: ${line.slice(0, 160)}`
    : null
}

/** @param file what was read: words that it has itself may be shown */
export function faultOfShown(shown: readonly string[], file: string): string | null {
  for (const text of shown) {
    const plain = text.replace(COLOURS, '')
    if (CONTROLS.test(plain)) return `control characters in what is shown: ${around(plain, CONTROLS)}`
    const word = NO_FIGURE.exec(plain)?.[1]
    if (word !== undefined && !file.includes(word))
      return `${word} in what is shown: ${around(plain, NO_FIGURE)}`
  }
  return null
}

function around(text: string, found: RegExp): string {
  const { index } = found.exec(text) ?? { index: 0 }
  return JSON.stringify(text.slice(Math.max(0, index - 60), index + 40))
}

export function faultOfCost({ seconds, memory }: { seconds: number; memory: number }): string | null {
  if (seconds > LIMITS.seconds) return `took ${seconds.toFixed(1)} s`
  return memory > LIMITS.memory ? `took ${Math.round(memory / 2 ** 20)} MiB of memory` : null
}
