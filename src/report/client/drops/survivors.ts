/** How many tokens each layer holds as the text is read: a line a layer, and the time of the slider. */
import { element, svgElement } from '../shared/dom.js'
import type { Relations } from './relations.js'
import type { State } from './state.js'

const [WIDTH, HEIGHT] = [720, 200]
const [LEFT, BOTTOM, TOP, RIGHT] = [44, 30, 10, 24]

export function survivorsView(relations: Relations, state: State): HTMLElement {
  const { tokens, layers } = relations
  const last = Math.max(1, tokens - 1)
  const most = Math.max(1, ...Array.from({ length: layers }, (_, layer) => peak(relations, layer)))
  const x = (time: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * time) / last
  const y = (alive: number): number => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * alive) / most
  const drawing = svgElement('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', class: 'survivors' })
  drawing.setAttribute('aria-label', `Tokens alive in each layer over time, at most ${most}`)
  for (const alive of [0, most / 2, most].map(Math.round)) {
    drawing.append(
      svgElement('line', { class: 'rule', x1: LEFT, x2: WIDTH - RIGHT, y1: y(alive), y2: y(alive) }),
      label(String(alive), LEFT - 8, y(alive) + 4, 'end'),
    )
  }
  drawing.append(
    label('token 0', LEFT, HEIGHT - 8, 'start'),
    label(String(tokens - 1), WIDTH - RIGHT, HEIGHT - 8, 'end'),
  )
  const ends = spread(Array.from({ length: layers }, (_, layer) => y(relations.alive(layer, tokens - 1))))
  const lines = ends.map((end, layer) => {
    const points = Array.from(
      { length: tokens },
      (_, k) => `${round(x(k))},${round(y(relations.alive(layer, k)))}`,
    )
    const title = svgElement('title', {}, `layer ${layer}`)
    const line = svgElement('polyline', { class: 'line', points: points.join(' ') }, title)
    const name = label(String(layer), WIDTH - RIGHT + 4, end + 4, 'start')
    drawing.append(line, name)
    return [line, name]
  })
  const cursor = svgElement('line', { class: 'cursor', y1: TOP, y2: HEIGHT - BOTTOM })
  drawing.append(cursor)
  state.watch(({ time, layer: chosen }) => {
    cursor.setAttribute('x1', String(x(time)))
    cursor.setAttribute('x2', String(x(time)))
    for (const [layer, parts] of lines.entries()) {
      for (const part of parts) {
        part.classList.toggle('chosen', layer === chosen)
        part.classList.toggle('aside', chosen !== null && layer !== chosen)
      }
    }
  })
  const caption = element('figcaption', {}, 'Tokens alive in each layer as the text is read')
  return element('figure', {}, caption, drawing)
}

/** Pixels between names. */
const APART = 11

/** The same places, moved so far that none lies on another, from the lowest in the drawing up. */
function spread(places: readonly number[]): number[] {
  const moved = [...places]
  let free = Number.POSITIVE_INFINITY
  for (const i of places.map((_, i) => i).sort((a, b) => places[b] - places[a])) {
    moved[i] = Math.min(places[i], free)
    free = moved[i] - APART
  }
  return moved
}

function peak({ tokens, alive }: Relations, layer: number): number {
  let most = 0
  for (let k = 0; k < tokens; k++) most = Math.max(most, alive(layer, k))
  return most
}

const label = (text: string, x: number, y: number, anchor: string): SVGElement =>
  svgElement('text', { x, y, 'text-anchor': anchor }, text)

const round = (value: number): number => Math.round(value * 10) / 10
