/** The page of `asp report`: its data -> sections with plots and tables, those left out that have nothing to show. */
import type { PageData, RecordInfo } from '../../figures/rows.js'
import { plural } from '../../format.js'
import { openForPrint } from '../shared/details.js'
import { element, pageData, pageRoot } from '../shared/dom.js'
import { text } from '../shared/sortable-table.js'
import { comparisonSection } from './comparisons.js'
import { costSection, tradeSection } from './costs.js'
import { layerSection } from './layers.js'
import { lossSection, positionSection } from './losses.js'
import { Page } from './page.js'
import { qualitySection } from './quality.js'
import { recallSection } from './recall.js'
import { recallDistanceSection } from './recall-distance.js'
import { section } from './section.js'
import { trainingSection } from './training.js'

/** A date without seconds. */
const minute = (date: string): string => date.slice(0, 16).replace('T', ' ')

const recordSection = section<RecordInfo>({
  title: 'Records',
  intro:
    'Every figure on this page is read from one of these files; the Source column and the tooltips say where in it.',
  rows: ({ records }) => records,
  caption: 'records',
  columns: () => [
    text('File', ({ file }) => file),
    text('Kind', ({ schema }) => schema),
    text('Status', ({ status }) => status),
    text('Model', ({ model }) => model),
    { head: 'Started', value: ({ date }) => date, text: ({ date }) => minute(date) },
    text('Adapter', ({ adapter }) => adapter),
    text('asp', ({ version, commit }) => [version, commit?.slice(0, 8)].filter(Boolean).join(' ')),
    text('Command', ({ command }) => command),
  ],
})

/** In the order of the page. */
const SECTIONS = [
  comparisonSection,
  qualitySection,
  recallSection,
  recallDistanceSection,
  lossSection,
  tradeSection,
  costSection,
  positionSection,
  layerSection,
  trainingSection,
  recordSection,
]

const page = new Page(pageData<PageData>())
const { title, made, records } = page.data
const sections = SECTIONS.map((draw) => draw(page)).filter((drawn) => drawn !== null)
pageRoot().replaceChildren(
  element(
    'header',
    {},
    element('h1', {}, title),
    element(
      'p',
      { class: 'faint' },
      `asp report of ${minute(made)} UTC from ${plural(records.length, 'record')}`,
    ),
    element('nav', {}, ...sections.map(linkTo)),
  ),
  ...sections,
)

function linkTo(drawn: HTMLElement): HTMLElement {
  return element('a', { href: `#${drawn.id}` }, drawn.querySelector('h2')?.textContent ?? '')
}

openForPrint()
