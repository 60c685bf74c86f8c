/** The text, each token a place for the pointer and the keyboard, with a strip a layer under it. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { SEEN_LEVELS, seenLevel, seenShare } from '../../drops-figures.js'
import { quote } from '../../drops-words.js'
import { visible } from '../../token-text.js'
import { element } from '../shared/dom.js'
import type { Relations } from './relations.js'
import type { Chosen, State } from './state.js'

const ALIVE = SEEN_LEVELS.length - 1

export function textView(record: DropsRecord, relations: Relations, state: State): HTMLElement {
  const places = record.tokens.map(({ text }, at) => place(record, relations, text, at))
  const view = element('div', { class: 'text', role: 'group', 'aria-label': 'The text, token by token' })
  for (const word of wordsOf(record.tokens.map(({ text }) => text))) {
    // A space of its own, so that it is gone where a line ends.
    if (/^\s/.test(record.tokens[word[0]].text)) view.append(' ')
    view.append(element('span', { class: 'unbroken' }, ...word.map((at) => places[at].root)))
    if (record.tokens[word[word.length - 1]].text.includes('\n')) view.append(element('br'))
  }
  listen(view, places, state)
  let shown = ''
  state.watch((chosen) => {
    const layers = shownLayers(relations, chosen)
    const moment = `${chosen.time} ${chosen.layer}`
    // Pointing at tokens changes none of this, and there may be thousands of strips.
    if (moment !== shown) for (const one of places) one.show(chosen, layers)
    shown = moment
    markRelated(record, relations, places, chosen, layers)
  })
  return view
}

/** Characters that lines are not broken in at most: some scripts have no spaces. */
const MOST_UNBROKEN = 30

/** Positions of tokens that make a word, with the marks that follow it. */
function wordsOf(texts: readonly string[]): number[][] {
  const words: number[][] = []
  let length = Number.POSITIVE_INFINITY
  for (const [at, text] of texts.entries()) {
    const goesOn = /^\S/.test(text) && length + text.length <= MOST_UNBROKEN
    if (goesOn) words[words.length - 1].push(at)
    else words.push([at])
    length = text.includes('\n') ? Number.POSITIVE_INFINITY : (goesOn ? length : 0) + text.length
  }
  return words
}

export const shownLayers = ({ layers }: Relations, { layer }: Chosen): number[] =>
  layer === null ? Array.from({ length: layers }, (_, i) => i) : [layer]

interface Place {
  root: HTMLElement
  show(chosen: Chosen, layers: readonly number[]): void
}

function place({ deaths, tokens }: DropsRecord, relations: Relations, text: string, at: number): Place {
  const shown = visible(text)
  const word = element('span', { class: 'word' }, shown.trimStart() || shown)
  const strips = deaths.map(() => element('i'))
  const root = element(
    'span',
    { class: 'token', role: 'button', tabindex: at === 0 ? 0 : -1, 'data-at': at },
    word,
    element('span', { class: 'strips' }, ...strips),
  )
  // Of a token that dies, how much of the text saw it.
  const levels = deaths.map((layer) =>
    Math.min(ALIVE - 1, seenLevel(seenShare(layer[at], at, tokens.length))),
  )
  return {
    root,
    show({ time }, layers) {
      const unread = at > time
      const gone = unread ? 0 : relations.gone(at, time, layers)
      root.classList.toggle('unread', unread)
      root.classList.toggle('now', at === time)
      word.style.setProperty('--gone', String(gone / layers.length))
      for (const [layer, strip] of strips.entries()) {
        const death = deaths[layer][at]
        const level = unread ? 'none' : death === null || death > time ? ALIVE : levels[layer]
        strip.className = `l${level}${layers.includes(layer) ? '' : ' aside'}${death === time ? ' dying' : ''}`
      }
      const fate = unread ? 'not read yet' : `dropped by ${gone} of ${layers.length} layers`
      root.setAttribute('aria-label', `${quote(text)}, token ${at}, ${fate}`)
    },
  }
}

/** The token that is looked at, those that its deaths are named after, and those whose deaths are named after it. */
function markRelated(
  { deaths }: DropsRecord,
  relations: Relations,
  places: readonly Place[],
  { token }: Chosen,
  layers: readonly number[],
): void {
  const killers = new Set<number | null>(token === null ? [] : layers.map((layer) => deaths[layer][token]))
  const victims = new Set(token === null ? [] : layers.flatMap((layer) => relations.victims(layer, token)))
  for (const [at, { root }] of places.entries()) {
    root.classList.toggle('looked-at', at === token)
    root.classList.toggle('killer', killers.has(at))
    root.classList.toggle('victim', victims.has(at))
    root.setAttribute('tabindex', at === (token ?? 0) ? '0' : '-1')
  }
}

function listen(view: HTMLElement, places: readonly Place[], state: State): void {
  view.addEventListener('pointerover', ({ target }) => {
    const at = tokenAt(target)
    if (at !== null && !state.chosen.pinned) state.choose({ token: at })
  })
  view.addEventListener('pointerleave', () => {
    if (!state.chosen.pinned) state.choose({ token: null })
  })
  view.addEventListener('click', ({ target }) => {
    const at = tokenAt(target)
    if (at !== null) pin(state, at)
  })
  view.addEventListener('focusin', ({ target }) => {
    const at = tokenAt(target)
    if (at !== null && !state.chosen.pinned) state.choose({ token: at })
  })
  view.addEventListener('keydown', (event) => {
    const at = tokenAt(event.target)
    if (at === null) return
    if (event.key === 'Enter' || event.key === ' ') pin(state, at)
    else {
      const next = nextToken(event.key, at, places)
      if (next === null) return
      if (state.chosen.pinned) state.choose({ token: next })
      places[next].root.focus()
    }
    event.preventDefault()
  })
}

function pin({ chosen, choose }: State, at: number): void {
  const same = chosen.pinned && chosen.token === at
  choose({ token: at, pinned: !same })
}

function tokenAt(target: EventTarget | null): number | null {
  const found = target instanceof Element ? target.closest('.token') : null
  return found === null ? null : Number(found.getAttribute('data-at'))
}

/** Left and right by one token, up and down by a line. */
function nextToken(key: string, at: number, places: readonly Place[]): number | null {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key]
  if (step !== undefined) return at + step in places ? at + step : null
  if (key === 'Home') return 0
  if (key === 'End') return places.length - 1
  const down = { ArrowUp: -1, ArrowDown: 1 }[key]
  return down === undefined ? null : lineNeighbour(at, down, places)
}

function lineNeighbour(at: number, down: number, places: readonly Place[]): number | null {
  const { offsetTop: top, offsetLeft: left } = places[at].root
  let best: number | null = null
  for (let i = at + down; i in places; i += down) {
    const { offsetTop, offsetLeft } = places[i].root
    if (offsetTop === top) continue
    if (best !== null && offsetTop !== places[best].root.offsetTop) break
    if (best === null || Math.abs(offsetLeft - left) < Math.abs(places[best].root.offsetLeft - left)) best = i
  }
  return best
}
