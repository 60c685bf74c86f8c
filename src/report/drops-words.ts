/** What a record of drops is of, in words: its text, its policy, what a death means. Pure. */
import type { DeathCause, DropsRecord, DropsText } from '../record/drops/schema.js'
import { suiteFootprint } from '../record/footprint.js'
import { formatCount, formatShare } from './format.js'
import { describeAdapter, describeKv, describeModel } from './notes.js'
import type { Note } from './sheet.js'
import { visible } from './token-text.js'

/** `hellaswag:12, choice 2` */
export function nameText({ kind, source, item }: DropsText): string {
  if (item !== null) return `${source}:${item.document}, choice ${item.request}`
  if (kind === 'stdin') return 'standard input'
  return source ?? 'text'
}

/** `hellaswag:12, choice 2 (bundled sample, 200 of 10042): 96 tokens` */
export function describeText({ text, tokens }: DropsRecord): string {
  const data = text.item === null ? '' : ` (${text.item.data})`
  const cut = text.tokens > tokens.length ? `the first ${formatCount(tokens.length)} of ` : ''
  return `${nameText(text)}${data}: ${cut}${formatCount(text.tokens)} tokens`
}

/** What is said of a token that is gone, with the token that its death names after it. */
const GONE: Readonly<Record<DeathCause, string>> = {
  query: 'killed by',
  position: 'left the window at',
  budget: 'evicted before',
}

export const goneAt = (cause: DeathCause): string => GONE[cause]

/** Over the tokens whose deaths are named after one token. */
export function victimsHeading(cause: DeathCause): string {
  if (cause === 'query') return 'Killed'
  return cause === 'position' ? 'Left the window then' : 'Evicted before it'
}

/** A token as it is quoted, without the white space around it: `“king”`. */
export const quote = (text: string): string => `“${visible(text.trim() || text)}”`

/** `killed by “.” 11, after 6 tokens`, or that it lives. */
export function fateOf({ tokens, deaths, cause }: DropsRecord, layer: number, at: number): string {
  const death = deaths[layer][at]
  if (death === null) return 'alive at the end'
  const age = death - at
  return `${GONE[cause]} ${quote(tokens[death].text)} ${death}, ${age === 1 ? 'the next token' : `after ${age} tokens`}`
}

/** Heading of a list of drops by the position they are named after. */
export function gone(cause: DeathCause): string {
  if (cause === 'query') return 'who killed whom'
  return cause === 'position' ? 'who left the window when' : 'who was evicted before which token'
}

export function describePolicy({ policy }: Pick<DropsRecord, 'policy'>): string {
  const parts: string[] = [policy.name]
  for (const [name, value] of Object.entries(policy.parameters)) {
    if (typeof value === 'number') parts.push(`${name} ${value}`)
  }
  const shift = policy.threshold_shift
  if (shift !== null)
    parts.push(shift === 0 ? "the checkpoint's own threshold" : `threshold shift ${shift.toFixed(4)}`)
  return parts.join(', ')
}

export function describeSparsity({ sparsity }: Pick<DropsRecord, 'sparsity'>): string {
  const requested = sparsity.requested === null ? '' : `requested ${sparsity.requested}, `
  return `${requested}achieved ${formatShare(sparsity.achieved, 4)} of causal pairs`
}

export function notesOf(record: DropsRecord): Note[] {
  return [
    ['Model', describeModel(record.model)],
    ['Policy', describePolicy(record)],
    ['Sparsity', describeSparsity(record)],
    ['KV', describeKv(suiteFootprint(record.sparsity), { kv_peak: record.sparsity.kv_peak })],
    ['Adapter', describeAdapter(record.environment)],
  ]
}
