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

/** Where the table of a part stands in the page. */
const marks = (part: string): [begin: string, end: string] => [
  `<!-- torture: ${part} -->`,
  `<!-- torture: end of ${part} -->`,
]

/**
 * Puts the table of each part that was run in its place; other parts keep theirs.
 * @throws Error where the page has no place for a part
 */
export function rewriteTable(
  page: string,
  seed: number,
  parts: Readonly<Record<string, readonly TortureRow[]>>,
): void {
  let text = readFileSync(page, 'utf8')
  for (const [part, rows] of Object.entries(parts)) {
    const [begin, end] = marks(part)
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`${page}: must have ${begin} and, below it, ${end}`)
    const tries = rows.reduce((sum, row) => sum + row.tries, 0)
    const broken = rows.reduce((sum, row) => sum + row.broken.length, 0)
    const said = `Seed ${seed}: ${tries.toLocaleString('en')} tries, ${broken} broken.`
    text = `${text.slice(0, from)}${begin}\n${said}\n\n${tableOf(rows)}\n${text.slice(to)}`
  }
  writeFileSync(page, text)
}
