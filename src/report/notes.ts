/** What every table says under it in the same words: the labelled lines, the model, the adapter; and plain ASCII. */
import type { EnvironmentRecord, ModelRecord } from '../record/eval/schema.js'
import { formatLarge } from './format.js'

/** A label and what stands beside it. */
export type Note = readonly [label: string, text: string]

/** One line each, the labels in a column of their own. */
export function renderNotes(notes: readonly Note[]): string {
  const width = Math.max(...notes.map(([label]) => label.length))
  return notes.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join('\n')
}

export function describeModel({
  id,
  source,
  revision,
  parameters,
  dtype,
  stored_dtype,
  config,
}: ModelRecord): string {
  const name = revision === null ? id : `${id}@${revision.slice(0, 8)}`
  const from = source === 'bundled' ? ' (bundled)' : ''
  const held = dtype === stored_dtype ? dtype : `${dtype} (stored ${stored_dtype})`
  return `${name}${from}, ${formatLarge(parameters)} parameters, ${config.n_layer} layers, ${held}`
}

export function describeAdapter({ adapter, dawn }: EnvironmentRecord): string {
  const { name, backend, kind, bundled, driver } = adapter
  if (kind === 'cpu') return `${name}, ${kind}; ${driver}`
  return `${name}, ${backend}, ${kind}${bundled ? ', bundled driver' : ''}; Dawn ${dawn}`
}

/** What the most memory of the device is called. */
export function peakName({ adapter }: EnvironmentRecord): string {
  return adapter.kind === 'cpu' ? 'peak' : 'GPU peak'
}

/** A Markdown row. */
export const markdownRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** cli-table3's border without box drawing. */
export const ASCII_BORDER = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '+',
  mid: '-',
  'mid-mid': '+',
  right: '|',
  'right-mid': '+',
  middle: '|',
}

export const toAscii = (text: string): string =>
  text
    .replaceAll('↑', '^')
    .replaceAll('↓', 'v')
    .replaceAll('±', '+/-')
    .replace(/[^\n\x20-\x7e]/g, '?')
