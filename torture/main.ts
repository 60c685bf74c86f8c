/**
 * `npm run torture`: asp is given what breaks programs, and what broke is counted. Ends with 1 where anything did. Not a part of
 * `npm test`; docs/reliability.md has what is promised, and the table of the last whole run.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { TorturePart, TortureRow } from './part.js'
import { type Result, rewriteTable, tableOf } from './table.js'

/** By name, a row a part; each is loaded where it is asked for. docs/reliability.md has a place for the table of each. */
const PARTS: Readonly<Record<string, () => Promise<{ default: TorturePart }>>> = {
  readers: () => import('./readers/part.js'),
  kills: () => import('./kills/part.js'),
  hub: () => import('./hub/part.js'),
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    count: { type: 'string', default: '10000' },
    try: { type: 'string' },
    json: { type: 'string' },
    /** Files of --json whose tries the table has as well: a long run may be made in pieces. */
    add: { type: 'string' },
    table: { type: 'string' },
  },
})

const wholeNumber = (flag: string, text: string): number => {
  if (/^\d+$/.test(text)) return Number(text)
  throw new Error(`--${flag}: must be a whole number, got ${text}`)
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const seed = wholeNumber('seed', values.seed)
const count = wholeNumber('count', values.count)
const only = values.try === undefined ? undefined : wholeNumber('try', values.try)
const names = values.only.split(',')
const unknown = names.find((name) => !Object.hasOwn(PARTS, name))
if (unknown !== undefined)
  throw new Error(`--only: must be of ${Object.keys(PARTS).join(', ')}, got ${unknown}`)

print(`seed ${seed}`)
const top = mkdtempSync(join(tmpdir(), 'asp-torture-'))
process.on('exit', () => rmSync(top, { recursive: true, force: true }))

const rows: Record<string, TortureRow[]> = {}
for (const name of names) {
  const { default: part } = await PARTS[name]()
  const folder = join(top, name)
  mkdirSync(folder)
  const say = (line: string): void => print(`${name}: ${line}`)
  rows[name] = await part.run({ seed, count, only, folder, say })
}

const all = Object.values(rows).flat()
print(`\n${tableOf(all)}\n`)
const broken = all.flatMap((row) => row.broken)
for (const { again, what } of broken) print(`broken: ${what}\n  npm run torture -- ${again}`)
const tries = all.reduce((sum, row) => sum + row.tries, 0)
print(`${tries} tries, ${broken.length} broken, seed ${seed}`)
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ seed, count, rows }, null, 2)}\n`)
const earlier = (values.add?.split(',') ?? []).map((file): Result => JSON.parse(readFileSync(file, 'utf8')))
if (values.table !== undefined) rewriteTable(values.table, [...earlier, { seed, rows }])
if (broken.length > 0) process.exitCode = 1
