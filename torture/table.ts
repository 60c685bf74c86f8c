/** What was tried and what broke, as a table of Markdown, in the terminal and between two markers of a page. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { TortureRow } from './part.js'

const cell = (text: string): string => text.replaceAll('|', '\\|')

export function tableOf(rows: readonly TortureRow[]): string {
  const cells = [
    ['target', 'how', 'tries', 'broken'],
    ...rows.map(({ target, how, tries, broken }) => [
      cell(target),
      cell(how),
      `${tries}`,
      `${broken.length}`,
    ]),
  ]
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n')
}

/** What `--json` keeps of a run. */
export interface Result {
  seed: number
  /** By the name of their part. */
  rows: Readonly<Record<string, readonly TortureRow[]>>
}

/** Rows of several runs, those of one target as one. */
function together(rows: readonly TortureRow[]): TortureRow[] {
  const byTarget = new Map<string, TortureRow>()
  for (const row of rows) {
    const { how, tries, broken } = byTarget.get(row.target) ?? { how: row.how, tries: 0, broken: [] }
    byTarget.set(row.target, {
      target: row.target,
      how,
      tries: tries + row.tries,
      broken: [...broken, ...row.broken],
    })
  }
  return [...byTarget.values()]
}

/** Where the table of a part stands in the page. */
const marks = (part: string): [begin: string, end: string] => [
  `<!-- torture: ${part} -->`,
  `<!-- torture: end of ${part} -->`,
]

/**
 * Puts the table of each part that was run in its place; other parts keep theirs.
 * @param results of one run, or of several that are told as one
 * @throws Error where the page has no place for a part
 */
export function rewriteTable(page: string, results: readonly Result[]): void {
  let text = readFileSync(page, 'utf8')
  for (const part of new Set(results.flatMap(({ rows }) => Object.keys(rows)))) {
    const own = results.filter(({ rows }) => Object.hasOwn(rows, part))
    const rows = together(own.flatMap((result) => result.rows[part]))
    const [begin, end] = marks(part)
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`${page}: must have ${begin} and, below it, ${end}`)
    const tries = rows.reduce((sum, row) => sum + row.tries, 0)
    const broken = rows.reduce((sum, row) => sum + row.broken.length, 0)
    const seeds = own.map(({ seed }) => seed)
    const said = `${seeds.length === 1 ? 'Seed' : 'Seeds'} ${seeds.join(', ')}: ${tries.toLocaleString('en')} tries, ${broken} broken.`
    text = `${text.slice(0, from)}${begin}\n${said}\n\n${tableOf(rows)}\n${text.slice(to)}`
  }
  writeFileSync(page, text)
}
