/**
 * Outputs in pages: a comment names the command, the fenced block after it has what the command prints. Pure; docs-outputs.ts runs them.
 *
 *     <!-- output: asp drops stats --sparsity 0.8
 *          after: asp ... -->
 *
 * Commands on lines that begin with `after:` are run first, in the same folder, for the files that they leave. A line `[...]` of
 * the block stays where it is and stands for lines left out: what is around it is found again by its shape.
 */

export interface Output {
  /** As the page shows it after `$ `. */
  command: string
  after: string[]
  /** Lines of the block below the command. */
  shown: string[]
}

const MARKED =
  /(<!-- output: (?<named>[^>]*?) -->\n+(?<fence>```+)[^\n]*\n)(?<block>[\s\S]*?\n)(?=\k<fence>\n)/g
export const LEFT_OUT = '[...]'

const read = (named: string, block: string): Output => {
  const [command, ...after] = named.split(/\n\s*after: /).map((line) => line.trim())
  const lines = block.trimEnd().split('\n')
  return { command, after, shown: lines[0].startsWith('$ ') ? lines.slice(1) : lines }
}

export const outputsOf = (page: string): Output[] =>
  [...page.matchAll(MARKED)].map(({ groups }) => read(groups?.named ?? '', groups?.block ?? ''))

/** The page with what `printed` says of each block, in order; null leaves a block as it is. */
export function withOutputs(page: string, printed: readonly (string | null)[]): string {
  let at = 0
  return page.replace(MARKED, (whole, opening: string, named: string, _fence: string, block: string) => {
    const text = printed[at++]
    if (text === null || text === undefined) return whole
    const { command, shown } = read(named, block)
    return `${opening}$ ${command}\n${renewed(shown, text).join('\n')}\n`
  })
}

/** Lines that say what they were measured on or how long it took: kept as they are. */
const OF_THE_MACHINE = /^(?:\S+ )?(Adapter|Time) {2,}/
const DURATION = /\d[\d,.]*(?: min \d+)? (?:ms|s|min|h|tokens\/s|requests\/s)\b/g

/** A line without its figures: digits as one 0, rules and gaps of any length as one. */
export const shapeOf = (line: string): string =>
  OF_THE_MACHINE.exec(line)?.[0].trim() ??
  line
    .replace(/\d+(?:[.,]\d+)*/g, '0')
    .replace(/─+/g, '─')
    .replace(/ +/g, ' ')
    .trimEnd()

/** What is equal where only seconds differ. Columns of tables are as wide as their seconds; elsewhere blanks say where something stands. */
function timeless(line: string): string {
  const machine = OF_THE_MACHINE.exec(line)
  if (machine !== null) return machine[0].trim()
  const other = line.replace(DURATION, '0 s')
  return /^[┌├│└]/.test(line) ? other.replace(/─+/g, '─').replace(/ +/g, ' ') : other
}

/** Where something was written, which is another place on each run. */
const PLACE = /\n+(?:Record|Written|lm-eval's files): .*/g

/** What a block that showed `shown` shows of `printed` now. */
export function renewed(shown: readonly string[], printed: string): string[] {
  const lines = printed.replace(PLACE, '').replace(/\n+$/, '').split('\n')
  return steady(shown, cut(shown, lines))
}

/** The same lines left out as before. */
function cut(shown: readonly string[], lines: readonly string[]): string[] {
  const parts = split(shown)
  if (parts.length === 1) return [...lines]
  let from = 0
  return parts.flatMap((part, i) => {
    const isLast = i === parts.length - 1
    if (part.length === 0) return isLast ? [] : [LEFT_OUT]
    const start = i === 0 ? 0 : find(lines, part[0], from, from)
    const end = isLast ? lines.length : find(lines, part[part.length - 1], start, start + part.length - 1) + 1
    from = end
    return [...lines.slice(start, end), ...(isLast ? [] : [LEFT_OUT])]
  })
}

function split(shown: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  for (const line of shown) {
    if (line.trim() === LEFT_OUT) parts.push([])
    else parts[parts.length - 1].push(line)
  }
  return parts
}

/** Where `like` is from `from` on, nearest to `near`: the very line where it is there, else one of its shape. */
function find(lines: readonly string[], like: string | undefined, from: number, near: number): number {
  const where = (same: (line: string) => boolean): number[] =>
    lines.flatMap((line, i) => (i >= from && same(line) ? [i] : []))
  const exact = where((line) => line === like)
  const found =
    exact.length > 0 ? exact : where((line) => like !== undefined && shapeOf(line) === shapeOf(like))
  const [nearest] = found.sort((a, b) => Math.abs(a - near) - Math.abs(b - near))
  if (nearest === undefined) throw new Error(`beside ${LEFT_OUT}: nothing is printed like '${like ?? ''}'`)
  return nearest
}

/** A table, or a line outside of tables, that differs in nothing but times and the machine stays as it was. */
function steady(shown: readonly string[], lines: readonly string[]): string[] {
  const before = new Map(groups(shown).map((group) => [group.map(timeless).join('\n'), group]))
  return groups(lines).flatMap((group) => {
    const known = before.get(group.map(timeless).join('\n'))
    return known === undefined ? group : aligned(known, group)
  })
}

/** What the machine was, where it stands now: beside labels of another width. */
function aligned(known: readonly string[], [now]: readonly string[]): readonly string[] {
  const [was, is] = [known[0], now].map((line) => OF_THE_MACHINE.exec(line)?.[0])
  return was === undefined || is === undefined ? known : [`${is}${known[0].slice(was.length)}`]
}

function groups(lines: readonly string[]): string[][] {
  const made: string[][] = []
  for (const line of lines) {
    const last = made[made.length - 1]
    if (/^[├│└]/.test(line) && last !== undefined && /^[┌├│]/.test(last[0])) last.push(line)
    else made.push([line])
  }
  return made
}

/** Whether both have the same lines but for figures. */
export function sameShape(shown: readonly string[], printed: string): boolean {
  const now = renewed(shown, printed)
  return now.map(shapeOf).join('\n') === shown.map(shapeOf).join('\n')
}

/**
 * Commands in a page's code blocks, as far as the first pipe, redirection or remark: `$ asp ppl x | head` -> `asp ppl x`. A line
 * may go on after a backslash.
 */
export function commandsIn(page: string): string[] {
  const fenced = [...page.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)].map(([, text]) => text)
  const indented = page.replace(/^```[\s\S]*?^```$/gm, '').match(/^ {4}.*$/gm) ?? []
  return [...fenced, indented.join('\n')]
    .flatMap((text) => text.replace(/\s*\\\n\s*/g, ' ').split('\n'))
    .flatMap((line) => [...line.matchAll(/(?<=^\s*(?:\$ )?|[|;] |\w=\S* )(?:npx )?asp [a-z].*/g)].slice(0, 1))
    .map(([line]) => /^(?:'[^']*'|"[^"]*"|[^'"|&;>#])*/.exec(line)?.[0].trim() ?? line)
}

/** A command's words, in single or double quotes where they hold spaces; no pipes. The first `asp` or `npx asp` is not among them. */
export function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  )
  if (words[0] === 'npx') words.shift()
  if (words.shift() !== 'asp') throw new Error(`must be a command of asp, got '${command}'`)
  return words
}
