/** The page of `asp report`: its data -> sections with plots and tables, those left out that have nothing to show. */
import type { PageData } from '../../figures/rows.js'
import { openForPrint } from '../shared/details.js'
import { element, pageData, pageRoot } from '../shared/dom.js'
import { PageSeries } from '../shared/series.js'
import { comparisonSection } from './comparisons.js'
import { costSection, tradeSection } from './costs.js'
import { layerSection } from './layers.js'
import { lossSection, positionSection } from './losses.js'
import { qualitySection } from './quality.js'
import { recordSection } from './records.js'
import { renderSection } from './section.js'
import { Sources } from './sources.js'
import { trainingSection } from './training.js'

const data = pageData<PageData>()
const page = new PageSeries(data)
const sources = new Sources(data)

const sections = [
  comparisonSection(data, sources),
  qualitySection(data, page, sources),
  lossSection(data, page, sources),
  tradeSection(data, page, sources),
  costSection(data, page, sources),
  positionSection(data, page, sources),
  layerSection(data, page, sources),
  trainingSection(data, sources),
  recordSection(data),
]
  .map(renderSection)
  .filter((section) => section !== null)

const { title, made, records } = data
const count = `${records.length} ${records.length === 1 ? 'record' : 'records'}`
pageRoot().replaceChildren(
  element(
    'header',
    {},
    element('h1', {}, title),
    element(
      'p',
      { class: 'faint' },
      `asp report of ${made.slice(0, 16).replace('T', ' ')} UTC from ${count}`,
    ),
    element('nav', {}, ...sections.map(linkTo)),
  ),
  ...sections,
)

function linkTo(section: HTMLElement): HTMLElement {
  return element('a', { href: `#${section.id}` }, section.querySelector('h2')?.textContent ?? '')
}

openForPrint()
