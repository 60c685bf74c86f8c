/** JSON text for people and for diffs: indented as lm-eval does, but with long lists of plain values on one line. Pure. */

/** From this length on, a list of plain values is a line of its own: columns of documents would be thousands of lines. */
const LONG_LIST = 9

/** `JSON.stringify(value, null, 2)` with such lists on one line. */
export function layOut(value: object): string {
  return lines(JSON.parse(JSON.stringify(value)), '')
}

function lines(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const list = Array.isArray(value)
  const items = Object.entries(value)
  if (
    list &&
    items.length >= LONG_LIST &&
    items.every(([, item]) => typeof item !== 'object' || item === null)
  )
    return `[${items.map(([, item]) => JSON.stringify(item)).join(', ')}]`
  const [open, close] = list ? '[]' : '{}'
  if (items.length === 0) return open + close
  const inner = `${indent}  `
  const rows = items.map(
    ([key, item]) => `${inner}${list ? '' : `${JSON.stringify(key)}: `}${lines(item, inner)}`,
  )
  return `${open}\n${rows.join(',\n')}\n${indent}${close}`
}
