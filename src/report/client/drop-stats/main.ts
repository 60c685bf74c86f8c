/** The page of `asp drops stats`: who survives and who kills, for a layer and an age that the reader chooses. */

import type { DropStatsRecord } from '../../../record/drops/stats-schema.js'
import type { DimensionName } from '../../../record/names.js'
import { DIMENSION_TITLES, notesOf, runNames, usualAge } from '../../drop-stats-figures.js'
import { definitions, element, pageData, pageRoot } from '../shared/dom.js'
import { figure } from '../shared/figure.js'
import { seriesOf } from '../shared/series.js'
import { alivePlot, curvePlot, killPlot } from './plots.js'
import { ageRows, type Choice, classRows } from './rows.js'
import { ageTable, classTable, killerTables } from './tables.js'

const record = pageData<DropStatsRecord>()
const runs = runNames(record)
const layers = Math.max(...record.runs.map(({ model }) => model.config.n_layer))
const kills = record.runs.some(({ cause }) => cause === 'query')
const choice: Choice = { layer: null, age: record.ages.indexOf(usualAge(record)) }
const figures = element('div', {})

/** Curves of more classes than there are colours are not told apart. */
const MOST_CURVES = 8

function show(): void {
  const dimensions = record.runs[0].dimensions.map(({ name }) => name)
  figures.replaceChildren(...dimensions.map(section))
}

function section(dimension: DimensionName): HTMLElement {
  const rows = classRows(record, dimension, choice)
  const where = choice.layer === null ? 'all layers' : `layer ${choice.layer}`
  const age = record.ages[choice.age]
  const title = DIMENSION_TITLES[dimension]
  const plots =
    dimension === 'all'
      ? runs.map(byLayer)
      : [
          ...runs.map((run) => survival(dimension, run, where)),
          drawn(`${title}: alive ${age} tokens later, ${where}`, runs, (name) =>
            alivePlot({ title: name, runs, rows }),
          ),
          kills
            ? drawn(`${title}: who kills, ${where}`, runs, (name) => killPlot({ title: name, runs, rows }))
            : null,
        ]
  return element(
    'section',
    { 'data-dimension': dimension },
    element('h2', {}, title),
    element('div', { class: 'charts' }, ...plots),
    dimension === 'all'
      ? ageTable(runs, `${title}, ${where}`, ageRows(record, 'all', choice.layer))
      : classTable({ runs, kills }, `${title}, ${where}`, age, rows),
  )
}

/** Of all tokens, a curve a layer. */
function byLayer(run: string, i: number): HTMLElement {
  const count = record.runs[i].model.config.n_layer
  const rows = Array.from({ length: count }, (_, layer) =>
    ageRows(record, 'all', layer)
      .filter((row) => row.run === run)
      .map((row) => ({ ...row, name: `layer ${layer}` })),
  ).flat()
  const names = Array.from({ length: count }, (_, layer) => `layer ${layer}`)
  return drawn(`${run}: alive by age, layer by layer`, names, (name) => curvePlot(name, names, rows))
}

/** Survival by age of the commonest classes of one checkpoint. */
function survival(dimension: DimensionName, run: string, where: string): HTMLElement {
  const title = `${run}: alive by age, ${where}`
  const own = classRows(record, dimension, choice).filter((row) => row.run === run)
  const common = own.toSorted((a, b) => b.tokens - a.tokens).slice(0, MOST_CURVES)
  const names = own.filter((row) => common.includes(row)).map(({ name }) => name)
  const rows = ageRows(record, dimension, choice.layer).filter((row) => row.run === run)
  return drawn(title, names, (name) => curvePlot(name, names, rows))
}

/** @param names in the order of their colours */
const drawn = (
  title: string,
  names: readonly string[],
  draw: (title: string) => SVGSVGElement,
): HTMLElement => figure(title, seriesOf(names), draw(title))

function controls(): HTMLElement {
  const layer = element('select', { id: 'layer' }, element('option', { value: '' }, 'all together'))
  for (let i = 0; i < layers; i++) layer.append(element('option', { value: i }, String(i)))
  layer.addEventListener('change', () => {
    choice.layer = layer.value === '' ? null : Number(layer.value)
    show()
  })
  const age = element('input', {
    type: 'range',
    id: 'age',
    min: 0,
    max: record.ages.length - 1,
    value: choice.age,
  })
  const shown = element('output', { for: 'age' }, String(record.ages[choice.age]))
  age.addEventListener('input', () => {
    choice.age = Number(age.value)
    shown.textContent = String(record.ages[choice.age])
    show()
  })
  return element(
    'div',
    { class: 'controls' },
    element('label', { for: 'layer' }, 'Layer'),
    layer,
    element('label', { for: 'age' }, 'Tokens later'),
    age,
    shown,
  )
}

show()
pageRoot().replaceChildren(
  element('h1', {}, 'Who is dropped, and by whom'),
  definitions(notesOf(record)),
  controls(),
  figures,
  ...killerTables(record, runs),
)
