/** Tables for a terminal of some width: what does not fit stands below, with the columns that name a row repeated. Pure. */

/** A column before it is drawn. */
export interface Sized {
  /** Columns of the terminal that its longest line takes. */
  width: number
  /** Names the row. */
  isKey: boolean
  /** Wanted at first sight. */
  isFirst: boolean
}

/** A border and a space to either side of a cell, and the last border. */
const PADDING = 3
const EDGE = 1
/** A cell that is broken into lines keeps at least so much. */
const LEAST = 12

export interface Part {
  /** Indices of columns, in order. */
  columns: number[]
  /** Widths that their cells are broken at, where they are wider. */
  widths: number[]
}

/** Which columns stand in which part; one part where all fit, or no width is known. */
export function fitted(columns: readonly Sized[], width: number | undefined): Part[] {
  const all = columns.map((_, i) => i)
  const widths = columns.map((column) => column.width)
  const taken = (some: readonly number[]): number =>
    some.reduce((sum, i) => sum + Math.min(widths[i], columns[i].width) + PADDING, EDGE)
  if (width === undefined || taken(all) <= width) return [{ columns: all, widths }]
  const named = all.filter((i) => columns[i].isKey)
  const keys = named.length > 0 ? named : all.slice(0, 1)
  // Names of rows that take more than half of the line leave no room for what is said of them.
  const roomOfKey = Math.max(LEAST, Math.floor((width / 2 - EDGE) / keys.length) - PADDING)
  if (taken(keys) > width / 2) for (const i of keys) widths[i] = Math.min(widths[i], roomOfKey)
  const room = Math.max(LEAST, width - taken(keys) - PADDING)
  const rest = all.filter((i) => !keys.includes(i))
  const ordered = [...rest.filter((i) => columns[i].isFirst), ...rest.filter((i) => !columns[i].isFirst)]
  const parts: number[][] = []
  for (const i of ordered) {
    widths[i] = Math.min(widths[i], room)
    const part = parts.at(-1)
    if (part !== undefined && taken([...keys, ...part, i]) <= width) part.push(i)
    else parts.push([i])
  }
  return parts.map((part) => {
    const columns = [...keys, ...part].sort((a, b) => a - b)
    return { columns, widths: columns.map((i) => widths[i]) }
  })
}

/** Broken between words where it can be, so that no line is longer than `width`. */
export function broken(text: string, width: number): string {
  const lines = text.split('\n').flatMap((line) => {
    const found: string[] = []
    let left = line
    while (left.length > width) {
      const space = left.lastIndexOf(' ', width)
      const at = space > 0 ? space : width
      found.push(left.slice(0, at))
      left = left.slice(at).trimStart()
    }
    return [...found, left]
  })
  return lines.join('\n')
}
