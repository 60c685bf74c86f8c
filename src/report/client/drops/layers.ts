/** The layers: which one is shown, and how many tokens each has kept at the time of the slider. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { killerWords } from '../../drops-figures.js'
import { quote } from '../../drops-words.js'
import { formatPercent } from '../../format.js'
import { element, headCell, row } from '../shared/dom.js'
import type { Relations } from './relations.js'
import type { State } from './state.js'

const MOST_KILLERS = 4

export function layersView(record: DropsRecord, relations: Relations, state: State): HTMLElement {
  const layers = record.deaths.map((_, layer) => oneLayer(record, relations, state, layer))
  const kills = record.cause === 'query'
  const head = row(
    headCell('Layer'),
    headCell('Survivors', 'alive'),
    headCell('Pairs kept', 'number'),
    kills ? headCell('Kills most') : null,
  )
  return element(
    'table',
    { class: 'layers' },
    element('thead', {}, head),
    element('tbody', {}, everyLayer(state), ...layers),
  )
}

const everyLayer = (state: State): HTMLElement =>
  row(element('th', { scope: 'row' }, choice('all', state, null)), element('td', { colspan: 3 }))

function oneLayer(record: DropsRecord, relations: Relations, state: State, layer: number): HTMLElement {
  const bar = element('span', { class: 'bar' })
  const count = element('span', { class: 'count' })
  const killers = killerWords(record, record.deaths[layer])
    .slice(0, MOST_KILLERS)
    .map(({ text, victims }) => `${quote(text)} ×${victims}`)
  const line = row(
    element('th', { scope: 'row' }, choice(String(layer), state, layer)),
    element('td', { class: 'alive' }, element('span', { class: 'track' }, bar), count),
    element('td', { class: 'number' }, formatPercent(1 - record.sparsity.per_layer[layer])),
    record.cause === 'query' ? element('td', {}, killers.join(', ')) : null,
  )
  state.watch(({ time, layer: shown }) => {
    const alive = relations.alive(layer, time)
    bar.style.setProperty('width', `${(100 * alive) / (time + 1)}%`)
    count.textContent = `${alive} of ${time + 1}`
    line.classList.toggle('chosen', layer === shown)
  })
  return line
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
