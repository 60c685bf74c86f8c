/**
 * Datasets that are published in more than one form: named in suite files (`dataset.adapt`), each brings a row into
 * the columns the suite reads. A row that is in that form already passes through.
 */
import type { RowValue } from '../data/rows.js'

export const ADAPTATIONS = {
  /** The standalone BoolQ holds `answer`, true or false, where SuperGLUE's copy holds `label`. */
  boolq: (row) =>
    Object.hasOwn(row, 'label') || typeof row.answer !== 'boolean'
      ? row
      : { ...row, label: Number(row.answer) },
  /** HellaSwag's `ctx` is its two parts, which some copies hold alone. */
  hellaswag_context: (row) => {
    const { ctx, ctx_a: a, ctx_b: b } = row
    if (ctx !== undefined || typeof a !== 'string' || typeof b !== 'string') return row
    return { ...row, ctx: b === '' ? a : `${a} ${b}` }
  },
  wsc273: (row) =>
    typeof row.continuation === 'string'
      ? { ...row, continuation: spaced(row.continuation) }
      : partialEvaluation(row),
} satisfies Record<string, (row: RowValue) => RowValue>

export type AdaptationName = keyof typeof ADAPTATIONS

/** Capitalised words that begin an option only because the option stands alone; lm-eval's list. */
const LOWERED = ['A', 'An', 'The', 'She', 'He', 'It', 'They', 'My', 'His', 'Her', 'Their']
const POSSESSIVES = ['my', 'his', 'her', 'our', 'their']

/** lm-eval's wsc273 step: the text before the pronoun with either option in its place, and the text after it. */
function partialEvaluation(row: RowValue): RowValue {
  const { text, pronoun, pronoun_loc: at, options, label } = row
  const known =
    typeof text === 'string' &&
    typeof pronoun === 'string' &&
    typeof at === 'number' &&
    Array.isArray(options)
  // Left as it is, the row is refused for the columns it lacks.
  if (!known) return row
  // lm-eval also halves doubled spaces here, without moving `pronoun_loc`.
  const points = [...text.replaceAll('  ', ' ')]
  const before = points.slice(0, at).join('')
  const startsSentence = points[at - 2] === '.'
  const filled = (option: string): string => {
    const owned = POSSESSIVES.includes(pronoun.toLowerCase()) ? `${option}'s` : option
    const [first = ''] = owned.split(/\s+/).filter((word) => word !== '')
    return !startsSentence && LOWERED.includes(first) ? owned.replaceAll(first, first.toLowerCase()) : owned
  }
  return {
    ...row,
    context_options: options.map((option) => before + filled(String(option))),
    continuation: points.slice(at + [...pronoun].length).join(''),
    gold: label,
  }
}

/** The text after a pronoun begins with its space, unless a mark follows; copies that were trimmed get it back. */
function spaced(continuation: string): string {
  return /^[\s.,;:!?]/.test(continuation) ? continuation : ` ${continuation}`
}
