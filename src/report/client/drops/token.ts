/** The token that is looked at: in each layer when it died and of whom, whom it killed, how many were left. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { fateOf, quote, victimsHeading } from '../../drops-words.js'
import { element, headCell, row } from '../shared/dom.js'
import type { Relations } from './relations.js'
import type { State } from './state.js'
import { shownLayers } from './text.js'

export function tokenView(record: DropsRecord, relations: Relations, state: State): HTMLElement {
  const view = element('section', { class: 'looked-at-token', 'aria-live': 'polite', 'aria-label': 'Token' })
  view.style.setProperty('--layers', String(relations.layers))
  let shown = ''
  state.watch((chosen) => {
    const key = `${chosen.token} ${chosen.layer} ${chosen.pinned}`
    if (key === shown) return
    shown = key
    if (chosen.token === null) view.replaceChildren(invitation())
    else {
      const layers = shownLayers(relations, chosen)
      view.replaceChildren(...describe(record, relations, chosen.token, layers, chosen.pinned))
    }
  })
  return view
}

const invitation = (): HTMLElement =>
  element(
    'p',
    { class: 'faint' },
    'Point at a token, or move to it with the arrow keys, to see in each layer what became of it. ' +
      'Click or press Enter to pin it, Escape to release it.',
  )

function describe(
  record: DropsRecord,
  relations: Relations,
  at: number,
  layers: readonly number[],
  pinned: boolean,
): HTMLElement[] {
  const { tokens, cause } = record
  const rows = layers.map((layer) => {
    const victims = relations.victims(layer, at)
    return row(
      element('th', { scope: 'row' }, String(layer)),
      element(
        'td',
        { class: record.deaths[layer][at] === null ? 'lives' : 'dies' },
        fateOf(record, layer, at),
      ),
      element('td', { class: 'victims' }, victims.length === 0 ? '-' : listed(record, victims)),
      element('td', { class: 'number' }, `${relations.alive(layer, at)} of ${at + 1}`),
    )
  })
  const head = row(
    ...['Layer', 'Its fate', victimsHeading(cause), 'Survivors then'].map((name) => headCell(name)),
  )
  const held = pinned ? ', pinned' : ''
  return [
    element('h2', {}, `${quote(tokens[at].text)} `, element('small', {}, `token ${at}${held}`)),
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
  ]
}

const MOST_VICTIMS = 12

function listed({ tokens }: DropsRecord, victims: readonly number[]): string {
  const words = victims.slice(0, MOST_VICTIMS).map((at) => `${quote(tokens[at].text)} ${at}`)
  const more = victims.length - words.length
  return `${victims.length}: ${words.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}
