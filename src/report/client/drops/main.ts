/** The page of `asp drops`: a text, layer by layer and token by token, as it is read. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { SEEN_LEVELS } from '../../drops-figures.js'
import { describeText, goneAt, notesOf } from '../../drops-words.js'
import { definitions, element, pageData, pageRoot } from '../shared/dom.js'
import { layersView } from './layers.js'
import { relationsOf } from './relations.js'
import { createState } from './state.js'
import { survivorsView } from './survivors.js'
import { textView } from './text.js'
import { timeControl } from './time.js'
import { tokenView } from './token.js'

const record = pageData<DropsRecord>()
const relations = relationsOf(record)
const state = createState({ layer: null, time: record.tokens.length - 1, token: null, pinned: false })

document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') state.choose({ token: null, pinned: false })
})

pageRoot().replaceChildren(
  element('h1', {}, 'What was dropped'),
  element('p', { class: 'faint' }, describeText(record)),
  timeControl(record, relations, state),
  legend(),
  textView(record, relations, state),
  tokenView(record, relations, state),
  element('h2', {}, 'Layers'),
  layersView(record, relations, state),
  survivorsView(relations, state),
  element('h2', {}, 'Run'),
  definitions([...notesOf(record), ['Command', element('code', {}, record.command.join(' '))]]),
)

function legend(): HTMLElement {
  const levels = SEEN_LEVELS.map(({ means }, level) =>
    element('span', {}, element('i', { class: `l${level}` }), means),
  )
  const marks = [
    ['looked-at', 'looked at'],
    ['killer', record.cause === 'query' ? 'killed it' : `it ${goneAt(record.cause)} this`],
    ['victim', record.cause === 'query' ? 'killed by it' : 'gone when it came'],
  ].map(([mark, means]) => element('span', {}, element('b', { class: `token ${mark}` }, 'abc'), means))
  return element(
    'div',
    { class: 'legend' },
    element('span', {}, 'A strip per layer, the first on top; seen by '),
    ...levels.toReversed(),
    element('span', { class: 'marks' }, ...marks),
  )
}
