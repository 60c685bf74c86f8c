/** A plot with its title, its legend and a button that saves them as a file. */
import { button, element } from './dom.js'
import { legend } from './legend.js'
import { saveSvg } from './save-svg.js'
import type { Series } from './series.js'

export function figure(title: string, series: readonly Series[], drawn: SVGSVGElement): HTMLElement {
  const names = legend(series)
  // Each is one picture, named by its label; the table has the figures for who does not see it.
  for (const svg of [names, drawn]) svg.setAttribute('role', 'img')
  const save = button('SVG', `Save ${title} as SVG`, () =>
    saveSvg({ title, parts: [names, drawn] }, slug(title)),
  )
  return element('figure', {}, element('figcaption', {}, element('span', {}, title), save), names, drawn)
}

/** A title as the name of a file or of a place in the page. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
