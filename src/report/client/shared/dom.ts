/** Making elements and finding the page's data: what every page's script begins with. Text is only ever set as text. */

/** What was given to `renderPage` as `data`. */
export function pageData<T>(): T {
  return JSON.parse(byId('data').textContent ?? '') as T
}

/** The element that the script fills. */
export const pageRoot = (): HTMLElement => byId('page')

type Child = Node | string | null
type Attributes = Record<string, string | number | boolean | null>

/** `null` leaves an attribute or a child away; `true` is an attribute without a value. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? '' : String(value))
  }
  made.append(...children.filter((child) => child !== null))
  return made
}

/** Labelled lines. */
export const definitions = (notes: readonly (readonly [string, string | Node])[]): HTMLElement =>
  element('dl', {}, ...notes.flatMap(([label, text]) => [element('dt', {}, label), element('dd', {}, text)]))

/** A table row of cells, or a head of names. */
export const row = (...cells: Child[]): HTMLElement => element('tr', {}, ...cells)
export const headCell = (name: string, style: string | null = null): HTMLElement =>
  element('th', { scope: 'col', class: style }, name)

const SVG = 'http://www.w3.org/2000/svg'

export function svgElement(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: (Node | string)[]
): SVGElement {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.append(...children)
  return made
}

/** A button that does one thing. */
export function button(text: string, description: string, act: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', 'aria-label': description, title: description }, text)
  made.addEventListener('click', act)
  return made
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element ${id}`)
  return found
}
