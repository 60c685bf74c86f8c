/** The record of a text's drops as a terminal shows it: the text faded, layers against tokens, a line a layer. Pure. */
import type { DropsRecord } from '../record/drops/schema.js'
import {
  aliveCounts,
  type Death,
  droppedShares,
  killerWords,
  killings,
  type LayerSummary,
  layerSummary,
  SEEN_LEVELS,
  seenLevel,
  seenShare,
} from './drops-figures.js'
import { describeText, gone, notesOf } from './drops-words.js'
import { manyLines, oneLine } from './escape.js'
import { formatCount, formatPercent } from './format.js'
import { plainLegend, renderDrops, type Shading } from './generate-drops.js'
import { type Column, left, renderGrid, right } from './grid.js'
import { renderNotes } from './sheet.js'
import { columnsWide, textLines, visible } from './token-text.js'

export interface DropsView {
  shading: Shading
  /** Of the terminal. */
  columns: number
  /** Only this layer, with all its killings; all layers when undefined. */
  layer?: number
}

/** From no later token to all of them, as SEEN_LEVELS. */
const MARKS = ['·', '░', '▒', '▓', '█']

/** Longer texts get one column for several tokens instead of each its own. */
const MOST_WORDS = 256

/** Ends without a newline. */
export function renderDropsText(record: DropsRecord, view: DropsView): string {
  const layers = record.deaths.map((_, layer) => layer)
  const shown = view.layer === undefined ? layers : [view.layer]
  const inWords = record.tokens.length <= MOST_WORDS
  const parts = [
    oneLine(describeText(record)),
    // Without colours, the grid says more.
    ...(inWords && view.shading === 'plain' ? [] : [fadedText(record, shown, view)]),
    grid(record, shown, view.columns),
    summaryTable(record, shown),
    ...(view.layer === undefined ? [] : [killingList(record, view.layer, view.columns)]),
    renderNotes(notesOf(record)),
  ]
  return parts.join('\n\n')
}

/** Where no colours are, what the brackets mean. */
function fadedText({ tokens, deaths }: DropsRecord, layers: readonly number[], view: DropsView): string {
  const shares = droppedShares(layers.map((layer) => deaths[layer]))
  const pieces = tokens.map(({ text }, at) => ({ text: manyLines(text), share: shares[at] }))
  const text = renderDrops(pieces, view.shading)
  return view.shading === 'plain' ? `${text}\n\n${plainLegend(view.layer)}` : text
}

function grid(record: DropsRecord, layers: readonly number[], columns: number): string {
  const gutter = String(record.deaths.length - 1).length + 2
  const width = Math.max(8, columns - gutter)
  const lines = (record.tokens.length > MOST_WORDS ? coarseGrid : wordGrid)(record, layers, width)
  const body = lines.map(({ layer, text }) =>
    layer === undefined ? `${' '.repeat(gutter)}${text}` : `${String(layer).padStart(gutter - 2)}  ${text}`,
  )
  const legend = SEEN_LEVELS.map(({ means }, level) => `${MARKS[level]} ${means}`)
    .reverse()
    .join('   ')
  return [...body, `seen by: ${legend}`].join('\n')
}

/** A line of a grid; those of layers have their number before them. */
interface GridLine {
  layer?: number
  text: string
}

type Layout = (record: DropsRecord, layers: readonly number[], width: number) => GridLine[]

/** The text line by line, under each line a row of marks a layer. */
const wordGrid: Layout = ({ tokens, deaths }, layers, width) =>
  textLines(
    tokens.map(({ text }) => text),
    width,
  ).flatMap((line) => {
    const rows = layers.map((layer) => {
      const marks = line.map(({ at, text }) => {
        const mark = shadeOf(seenShare(deaths[layer][at], at, tokens.length))
        const lead = text.length - text.trimStart().length
        return ' '.repeat(lead) + mark.repeat(columnsWide(text.slice(lead)))
      })
      return { layer, text: marks.join('').trimEnd() }
    })
    const words = line.map(({ text }) => text).join('')
    return [{ text: words.trimEnd() }, ...rows]
  })

/** One column for as many tokens as it takes for all of them to fit. */
const coarseGrid: Layout = ({ tokens, deaths }, layers, width) => {
  const each = Math.ceil(tokens.length / width)
  const count = Math.ceil(tokens.length / each)
  const rows = layers.map((layer) => {
    const marks = Array.from({ length: count }, (_, i) => shadeOf(meanSeen(deaths[layer], i * each, each)))
    return { layer, text: marks.join('') }
  })
  const axis = `0${String(tokens.length - 1).padStart(count - 1)}`
  return [{ text: `a column is ${formatCount(each)} tokens, seen on average` }, ...rows, { text: axis }]
}

function meanSeen(deaths: readonly Death[], from: number, count: number): number {
  const n = deaths.length
  const to = Math.min(n, from + count)
  let sum = 0
  for (let j = from; j < to; j++) sum += seenShare(deaths[j], j, n)
  return sum / (to - from)
}

const shadeOf = (share: number): string => MARKS[seenLevel(share)]

function summaryTable(record: DropsRecord, layers: readonly number[]): string {
  const { deaths, sparsity, cause, tokens } = record
  const summaries = layers.map((layer) => ({ layer, ...layerSummary(deaths[layer]) }))
  const columns: Column<LayerSummary & { layer: number }>[] = [
    right('Layer', ({ layer }) => String(layer)),
    right('Pairs kept', ({ layer }) => formatPercent(1 - sparsity.per_layer[layer])),
    right('Alive at\nthe end', ({ alive }) => `${alive} of ${tokens.length}`),
    right('Median age\nat death', ({ medianAge }) => medianAge?.toString() ?? '-'),
    left(
      'Killers, by victims',
      ({ layer }) => topKillers(record, layer),
      () => cause === 'query',
    ),
  ]
  return renderGrid(columns, summaries)
}

const MOST_KILLERS = 5

function topKillers(record: DropsRecord, layer: number): string {
  const words = killerWords(record, record.deaths[layer])
  const shown = words.slice(0, MOST_KILLERS).map(({ text, victims }) => `${quoted(text)} ×${victims}`)
  return shown.join('  ') || '-'
}

/** Every drop of one layer, in the order of time. */
function killingList({ tokens, deaths, cause }: DropsRecord, layer: number, columns: number): string {
  const alive = aliveCounts(deaths[layer])
  const word = (at: number): string => `${quoted(tokens[at].text)} ${at}`
  const lines = killings(deaths[layer]).map(({ killer, victims }) => {
    const head = `${word(killer)}:`.padEnd(16)
    return wrap(`${head} ${victims.map(word).join(', ')} (${alive[killer]} left)`, columns, 17)
  })
  const title = `Layer ${layer}: ${gone(cause)}; positions count from 0`
  return [title, ...lines].join('\n')
}

function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=, )/)) {
    if (line !== '' && columnsWide(line + word.trimEnd()) > width) {
      lines.push(line.trimEnd())
      line = ' '.repeat(indent)
    }
    line += word
  }
  return [...lines, line].join('\n')
}

const quoted = (text: string): string => visible(text.trim() || text)
