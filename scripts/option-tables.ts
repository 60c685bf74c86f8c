/**
 * The tables of options in docs/finetune.md, from the table that the flags and the keys of the file come from.
 *   node --import tsx scripts/option-tables.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describeBounds } from '../src/train/check-options.js'
import {
  keyName,
  type OptionKind,
  type OptionRow,
  type OptionTable,
  subjectOf,
} from '../src/train/option-rows.js'
import { MODEL_OPTIONS, OPTION_GROUPS } from '../src/train/options.js'
import { markdownTable } from './gains.js'

/** Kinds that have bounds, and what is said of the others unless their row shows a value. */
const NUMBERS: Partial<Record<OptionKind, string>> = {
  number: 'number',
  whole: 'whole number',
  numbers: 'numbers',
}
const OTHERS: Partial<Record<OptionKind, string>> = { flag: 'yes or no', texts: 'one or several paths' }

/** The page with what stands between `<!-- options: <group> -->` and `<!-- end -->` as it is now. */
export function withTables(page: string): string {
  const groups: Readonly<Record<string, OptionTable>> = { ...OPTION_GROUPS, model: MODEL_OPTIONS }
  return page.replace(
    /(?<=<!-- options: (\w+) -->\n\n)[\s\S]*?(?=\n\n<!-- end -->)/g,
    (_table, group: string) => tableOf(groups[group], group === 'model'),
  )
}

function tableOf(rows: OptionTable, isModel: boolean): string {
  const body = Object.entries(rows).map(([name, row]) => {
    const subject = isModel ? keyName(name) : subjectOf(name, row)
    const short = row.char === undefined ? '' : `, \`-${row.char}\``
    return [`\`${subject}\`${short}`, takes(row), usual(row), `${row.help}${remark(row)}`]
  })
  return markdownTable(['Option', 'Takes', 'Default', 'Meaning'], body)
}

function takes(row: OptionRow): string {
  const { kind, choices, value } = row
  const number = NUMBERS[kind]
  if (number !== undefined) return `${number} ${describeBounds(row)}`.trim()
  return choices?.join(', ') ?? OTHERS[kind] ?? value?.replace(/[<>]/g, '').replaceAll('|', ', ') ?? 'text'
}

function usual({ required, otherwise, default: given }: OptionRow): string {
  if (required) return 'required'
  const shown = given ?? otherwise ?? ''
  return typeof shown === 'boolean' || Array.isArray(shown) ? '' : String(shown)
}

function remark({ only, was }: OptionRow): string {
  if (only !== undefined) return only === 'file' ? ' (`asp train` only)' : ' (a flag of both commands)'
  return was === undefined ? '' : ` (formerly \`--${was}\`)`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = fileURLToPath(new URL('../docs/finetune.md', import.meta.url))
  writeFileSync(page, withTables(readFileSync(page, 'utf8')))
}
