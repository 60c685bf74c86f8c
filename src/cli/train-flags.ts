/** The table of training options as flags, and flags as options. */
import { Flags, type Interfaces } from '@oclif/core'
import { flagName, type OptionRow, type OptionTable, parseText } from '../train/option-rows.js'
import { type GivenOptions, OPTION_GROUPS, OPTION_ROWS } from '../train/options.js'
import { parseNumber, parseNumbers, parseWord } from './values.js'

type AnyFlag = Interfaces.Flag<unknown>

/** What help shows for a value. */
const VALUES: Partial<Record<OptionRow['kind'], string>> = { number: 'X', whole: 'N', texts: '<path>' }

/** All but what only a file can hold, in the sections of the table. */
export const trainFlags: Readonly<Record<string, AnyFlag>> = Object.fromEntries(
  Object.entries<OptionTable>(OPTION_GROUPS).flatMap(([helpGroup, rows]) =>
    Object.entries(rows)
      .filter(([, { only }]) => only !== 'file')
      .map(([name, row]) => [flagName(name), flagOf(flagName(name), row, helpGroup)]),
  ),
)

function flagOf(name: string, row: OptionRow, helpGroup: string): AnyFlag {
  const { kind, help: summary, char, was, required, choices, allowNo } = row
  const shared = { name, summary, char, helpGroup, required, aliases: was === undefined ? [] : [was] }
  if (kind === 'flag') return Flags.boolean({ ...shared, allowNo })
  // The table fills defaults in; here they are only shown.
  const usual = row.default ?? row.otherwise
  return {
    ...shared,
    type: 'option',
    input: [],
    defaultHelp: async () => (usual === undefined || Array.isArray(usual) ? undefined : String(usual)),
    helpValue: row.value ?? choices?.join('|') ?? VALUES[kind],
    multiple: kind === 'texts',
    parse: async (text) => parseFlag(`--${name}`, row, text),
  }
}

function parseFlag(flag: string, { kind, choices }: OptionRow, text: string): unknown {
  if (choices !== undefined) return parseWord(flag, text, choices)
  if (kind === 'number' || kind === 'whole') return parseNumber(flag, text)
  return kind === 'numbers' ? parseNumbers(flag, text) : parseText(kind, text)
}

/** The options of the table, of all flags of a command. */
export function optionsIn(flags: Readonly<Record<string, unknown>>): GivenOptions {
  return Object.fromEntries(OPTION_ROWS.map(([name]) => [name, flags[flagName(name)]]))
}
