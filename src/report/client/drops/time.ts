/** The slider over time: how far the text has been read. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { quote } from '../../drops-words.js'
import { plural } from '../../format.js'
import { button, element } from '../shared/dom.js'
import type { Relations } from './relations.js'
import type { State } from './state.js'
import { shownLayers } from './text.js'

/** Between tokens while it plays. */
const TICK = 160

export function timeControl(
  { tokens, deaths }: DropsRecord,
  relations: Relations,
  state: State,
): HTMLElement {
  const last = tokens.length - 1
  const slider = element('input', {
    type: 'range',
    id: 'time',
    min: 0,
    max: last,
    step: 1,
    'aria-describedby': 'moment',
  })
  const moment = element('output', { id: 'moment', for: 'time', 'aria-live': 'off' })
  const play = button('Play', 'Play the text from here', () => (timer === null ? start() : stop()))
  let timer: ReturnType<typeof setInterval> | null = null
  const stop = (): void => {
    if (timer !== null) clearInterval(timer)
    timer = null
    play.textContent = 'Play'
  }
  const start = (): void => {
    if (state.chosen.time === last) state.choose({ time: 0 })
    play.textContent = 'Pause'
    timer = setInterval(() => {
      state.choose({ time: Math.min(last, state.chosen.time + 1) })
      if (state.chosen.time === last) stop()
    }, TICK)
  }
  slider.addEventListener('input', () => {
    stop()
    state.choose({ time: Number(slider.value) })
  })
  state.watch((chosen) => {
    const { time } = chosen
    const layers = shownLayers(relations, chosen)
    const died = layers.reduce(
      (sum, layer) => sum + deaths[layer].filter((death) => death === time).length,
      0,
    )
    slider.value = String(time)
    slider.setAttribute('aria-valuetext', `token ${time}, ${quote(tokens[time].text)}`)
    const where = layers.length === 1 ? `layer ${layers[0]}` : `${layers.length} layers`
    moment.textContent = `after token ${time} of ${last}, ${quote(tokens[time].text)}: ${plural(died, 'drop')} in ${where}`
  })
  return element('div', { class: 'time' }, element('label', { for: 'time' }, 'Time'), slider, play, moment)
}
