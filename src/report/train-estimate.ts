/** What a training will take -> what a person reads instead of running it. */
import { type RunEstimate, TRAINING_ESTIMATED_BY, type TrainEstimate } from '../record/train/estimate.js'
import { formatBytes, formatCount, formatPurposes, formatRate, formatSeconds } from './format.js'
import { type Column, left, right } from './grid.js'
import { describeAdapter } from './notes.js'
import { grid, type Note, renderSheet, type SheetOptions } from './sheet.js'

const COLUMNS: readonly Column<RunEstimate>[] = [
  left('Training', ({ name }) => name),
  right('Steps', ({ steps_left }) => formatCount(steps_left)),
  right('Tokens', ({ steps_left, batch_tokens }) => formatCount(steps_left * batch_tokens)),
  right('At a time', ({ micro_tokens }) => formatCount(micro_tokens)),
  right('Memory', ({ memory_bytes }) => formatBytes(memory_bytes.total)),
  right('Tokens/s', ({ tokens_per_second }) => formatRate(tokens_per_second)),
  right('About', ({ seconds_left }) => formatSeconds(seconds_left)),
]

export function renderEstimate(estimate: TrainEstimate, options?: SheetOptions): string {
  return renderSheet({ grids: [grid(COLUMNS, estimate.runs)], notes: notesOf(estimate) }, options)
}

function notesOf({ model, environment, runs, seconds_left, probe_s }: TrainEstimate): Note[] {
  return [
    ['Starts from', `${model.id}, ${formatCount(model.parameters)} parameters`],
    ...memoryNotes(runs),
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      `about ${formatSeconds(seconds_left)}: ${TRAINING_ESTIMATED_BY} (${formatSeconds(probe_s)}), evaluations on the way included`,
    ],
    ['Nothing', 'was trained or written; the same command without --dry-run does it'],
  ]
}

/** A line where all take the same. */
function memoryNotes(runs: readonly RunEstimate[]): Note[] {
  const texts = runs.map(({ memory_bytes, recompute }) => {
    return `${formatPurposes(memory_bytes.by_purpose)}${recompute ? '; activations recomputed in the backward pass' : ''}`
  })
  if (new Set(texts).size === 1) return [['Memory', texts[0]]]
  return runs.map(({ name }, i): Note => [`Memory, ${name}`, texts[i]])
}
