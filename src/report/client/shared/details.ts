/** What waits for a click: made when it is first opened, and for print, which shows everything. */
import { element } from './dom.js'

/** Makers of what has not been opened yet. */
const unmade = new WeakMap<HTMLDetailsElement, () => Node>()

export function details(summary: string, open: boolean, make: () => Node): HTMLDetailsElement {
  const made = element('details', { open }, element('summary', {}, summary))
  unmade.set(made, make)
  if (open) fill(made)
  else made.addEventListener('toggle', () => fill(made))
  return made
}

/** Opens everything before a print, and closes it again afterwards. */
export function openForPrint(): void {
  let closed: HTMLDetailsElement[] = []
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')]
    for (const one of closed) {
      fill(one)
      one.open = true
    }
  })
  addEventListener('afterprint', () => {
    for (const one of closed) one.open = false
  })
}

function fill(one: HTMLDetailsElement): void {
  const make = unmade.get(one)
  if (make === undefined) return
  unmade.delete(one)
  one.append(make())
}
