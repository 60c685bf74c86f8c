/** The record of a text's drops as one drawing: the text, and under each token a strip a layer. Pure. */
import type { DropsRecord } from '../record/drops/schema.js'
import { SEEN_LEVELS, seenLevel, seenShare } from './drops-figures.js'
import { describePolicy, describeSparsity, describeText, fateOf } from './drops-words.js'
import { markup } from './escape.js'
import { describeModel } from './notes.js'
import { type TextCell, textLines } from './token-text.js'

/** Characters of a line, and everything else in pixels. */
const LINE = 110
const CHARACTER = 8.4
const FONT = 14
const STRIP = 7
const TEXT_HEIGHT = 20
const GUTTER = 34
const MARGIN = 24
const HEAD = 74

/** By level of SEEN_LEVELS; one hue, light to dark, so that it can be told apart in grey as well. */
const FILLS = ['#eceff3', '#cfe0f5', '#97bdeb', '#4f8ad6', '#1b55ab']

const TITLE = 'What was dropped: '

/** To be told from drawings that others made. */
export const DROPS_DRAWING = {
  what: 'a drawing that asp drops made',
  isOwn: (head: string) => head.startsWith('<svg ') && head.includes(`<title id="title">${TITLE}`),
}

/** A whole file; light, so that it looks the same in papers and on slides. */
export function dropsSvg(record: DropsRecord): string {
  const texts = record.tokens.map(({ text }) => text)
  const lines = textLines(texts, LINE)
  const block = TEXT_HEIGHT + record.deaths.length * STRIP + 12
  const width = MARGIN * 2 + GUTTER + LINE * CHARACTER
  const height = MARGIN * 2 + HEAD + lines.length * block + 24
  const drawn = lines.map((line, i) => drawLine(record, line, MARGIN + HEAD + i * block))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${number(width)} ${number(height)}" width="${number(width)}" height="${number(height)}" role="img" aria-labelledby="title">
<title id="title">${markup(`${TITLE}${describeText(record)}`)}</title>
<style>
  text { font: ${FONT}px ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; fill: #1b1e23; white-space: pre }
  .note, .layer { font-family: system-ui, Helvetica, Arial, sans-serif; font-size: 12px; fill: #5d6570 }
  .layer { font-size: 7px; text-anchor: end }
${FILLS.map((fill, level) => `  .l${level} { fill: ${fill} }`).join('\n')}
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
${head(record)}
${drawn.join('\n')}
${legend(MARGIN + HEAD + lines.length * block + 8)}
</svg>
`
}

function head(record: DropsRecord): string {
  const notes = [
    describeText(record),
    `${describeModel(record.model)}; ${describePolicy(record)}`,
    `Sparsity ${describeSparsity(record)}`,
  ]
  return notes
    .map((note, i) => `<text class="note" x="${MARGIN}" y="${MARGIN + 12 + 18 * i}">${markup(note)}</text>`)
    .join('\n')
}

function drawLine(record: DropsRecord, line: readonly TextCell[], top: number): string {
  const labels = record.deaths.map((_, layer) => {
    const y = top + TEXT_HEIGHT + (layer + 1) * STRIP - 1
    return `<text class="layer" x="${MARGIN + GUTTER - 6}" y="${y}">${layer}</text>`
  })
  return [...labels, ...line.map((cell) => drawToken(record, cell, top))].join('\n')
}

/** Its fate in every layer is told where a viewer shows titles. */
function drawToken(record: DropsRecord, { at, text, column, columns }: TextCell, top: number): string {
  const { deaths, tokens } = record
  const lead = text.length - text.trimStart().length
  const x = MARGIN + GUTTER + (column + lead) * CHARACTER
  const width = Math.max(1, (columns - lead) * CHARACTER)
  const word = markup(text.slice(lead))
  const fates = deaths.map((_, layer) => `layer ${layer}: ${fateOf(record, layer, at)}`)
  const title = `<title>${markup([`${text.trim()}, token ${at}`, ...fates].join('\n'))}</title>`
  const strips = deaths.map((layer, i) => {
    const level = seenLevel(seenShare(layer[at], at, tokens.length))
    const y = top + TEXT_HEIGHT + i * STRIP
    return `<rect class="l${level}" x="${number(x)}" y="${y}" width="${number(width)}" height="${STRIP - 1}"/>`
  })
  const fitted = `textLength="${number(width)}" lengthAdjust="spacingAndGlyphs"`
  return `<g>${title}<text x="${number(x)}" y="${top + FONT}" ${fitted}>${word}</text>${strips.join('')}</g>`
}

function legend(top: number): string {
  const label = `<text class="note" x="${MARGIN}" y="${top + 10}">seen by</text>`
  const entries = SEEN_LEVELS.map(({ means }, level) => {
    const x = MARGIN + 56 + (SEEN_LEVELS.length - 1 - level) * 136
    return `<rect class="l${level}" x="${x}" y="${top}" width="24" height="10"/><text class="note" x="${x + 30}" y="${top + 10}">${means}</text>`
  })
  return [label, ...entries].join('\n')
}

const number = (value: number): string => String(Math.round(value * 100) / 100)
