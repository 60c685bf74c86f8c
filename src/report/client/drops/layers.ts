/** The layers: which one is shown, and how many tokens each has kept at the time of the slider. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { killerWords } from '../../drops-figures.js'
import { quote } from '../../drops-words.js'
import { formatPercent } from '../../format.js'
import { element } from '../shared/dom.js'
import type { Relations } from './relations.js'
import type { State } from './state.js'

const MOST_KILLERS = 4

export function layersView(record: DropsRecord, relations: Relations, state: State): HTMLElement {
  const body = element('tbody', {}, everyLayer(state))
  for (let layer = 0; layer < relations.layers; layer++)
    body.append(oneLayer(record, relations, state, layer))
  const kills = record.cause === 'query'
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Layer'),
    element('th', { scope: 'col', class: 'alive' }, 'Survivors'),
    element('th', { scope: 'col', class: 'number' }, 'Pairs kept'),
    kills ? element('th', { scope: 'col' }, 'Kills most') : null,
  )
  return element('table', { class: 'layers' }, element('thead', {}, head), body)
}

function everyLayer(state: State): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, choice('all', state, null)),
    element('td', { colspan: 3 }),
  )
}

function oneLayer(record: DropsRecord, relations: Relations, state: State, layer: number): HTMLElement {
  const bar = element('span', { class: 'bar' })
  const count = element('span', { class: 'count' })
  const killers = killerWords(record, record.deaths[layer])
    .slice(0, MOST_KILLERS)
    .map(({ text, victims }) => `${quote(text)} ×${victims}`)
  const row = element(
    'tr',
    {},
    element('th', { scope: 'row' }, choice(String(layer), state, layer)),
    element('td', { class: 'alive' }, element('span', { class: 'track' }, bar), count),
    element('td', { class: 'number' }, formatPercent(1 - record.sparsity.per_layer[layer])),
    record.cause === 'query' ? element('td', {}, killers.join(', ')) : null,
  )
  state.watch(({ time, layer: shown }) => {
    const alive = relations.alive(layer, time)
    bar.style.setProperty('width', `${(100 * alive) / (time + 1)}%`)
    count.textContent = `${alive} of ${time + 1}`
    row.classList.toggle('chosen', layer === shown)
  })
  return row
}

function choice(name: string, state: State, layer: number | null): HTMLElement {
  const radio = element('input', {
    type: 'radio',
    name: 'layer',
    value: name,
    checked: layer === state.chosen.layer,
  })
  radio.addEventListener('change', () => state.choose({ layer }))
  return element('label', {}, radio, name)
}
