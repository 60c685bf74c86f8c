/** What a flag can hold, as kinds of oclif's flags: numbers, words and lists of both, parsed before the command runs. */
import { Flags } from '@oclif/core'
import { type NumberRule, parseNumber, parseNumbers, parseRange, parseWord, parseWords } from './values.js'

/** oclif's `parse` from a parser of values.ts. */
export const read =
  <T, Rule = unknown>(parse: (flag: string, text: string, rule: Rule) => T) =>
  async (text: string, _context: unknown, flag: Rule & { name: string }): Promise<T> =>
    parse(`--${flag.name}`, text, flag)

/** What `--help` shows as the default of a flag whose default only the run knows. */
export const usually = (text: string) => ({ defaultHelp: async (): Promise<string> => text })

// Lists are read-only: oclif takes the type of any other array for that of a flag that may be given again.

export const NUMBER = { helpValue: 'N', parse: read<number, NumberRule>(parseNumber) }
export const number = Flags.custom<number, NumberRule>(NUMBER)

export const WHOLE = {
  helpValue: 'N',
  parse: read((flag, text, rule: NumberRule) => parseNumber(flag, text, { ...rule, whole: true })),
}
export const whole = Flags.custom<number, NumberRule>(WHOLE)

export const NUMBERS = { helpValue: 'N,...', parse: read<readonly number[]>(parseNumbers) }
export const numbers = Flags.custom<readonly number[]>(NUMBERS)

export type RangeRule = { least?: number }
/** `128,256`, `128-1024*2` or `128-512+128`. */
export const RANGE = { helpValue: 'N,...', parse: read<readonly number[], RangeRule>(parseRange) }
export const range = Flags.custom<readonly number[], RangeRule>(RANGE)

export const wordOf = <const W extends string>(known: readonly W[]) => ({
  helpValue: known.join('|'),
  parse: read((flag, text) => parseWord(flag, text, known)),
})
export const wordsOf = <const W extends string>(known: readonly W[]) => ({
  helpValue: known.join(','),
  parse: read<readonly W[]>((flag, text) => parseWords(flag, text, known)),
})
