/** The table of recall tasks: what each asks, and how an item is made. Its name as a suite is `recall_<name>`. */
import { associative } from './associative.js'
import { copyRandom, copyText } from './copying.js'
import type { Item, SharedWorkshop, Workshop } from './item.js'
import { firstMentioned, lastMentioned } from './mentioned.js'
import { clozeNeedle, distractors, needle, needles, passkey } from './needles.js'
import { variables } from './variables.js'

export type RecallTask = {
  summary: string
  /** One continuation is compared after two contexts, instead of choices after one. */
  contexts?: true
} & (
  | { make(shop: Workshop): Item }
  /** One for each depth, all of one text. */
  | { makeAll(shop: SharedWorkshop): Item[] }
)

export const RECALL_TASKS = {
  passkey: { summary: 'a pass key hidden in natural text', make: passkey },
  needle: { summary: 'one number of a city, hidden in natural text', make: needle },
  needle_cloze: { summary: 'a needle that holds its question word for word', make: clozeNeedle },
  needles: { summary: 'numbers of four cities in the text, one is asked for', make: needles },
  distractors: { summary: 'four numbers of one city, one kind is asked for', make: distractors },
  variables: {
    summary: 'a number passed on through three variables, among two other chains',
    make: variables,
  },
  mqar: { summary: 'pairs of words, several keys are asked for', makeAll: associative },
  first_mentioned: { summary: 'which of four people came first', make: firstMentioned },
  last_mentioned: { summary: 'which of four people came last', make: lastMentioned },
  copy_random: { summary: 'sixteen words in no order, repeated', make: copyRandom, contexts: true },
  copy_text: { summary: 'sixteen words of a book, repeated', make: copyText, contexts: true },
} satisfies Record<string, RecallTask>

export type RecallTaskName = keyof typeof RECALL_TASKS

export const RECALL_TASK_NAMES = Object.keys(RECALL_TASKS) as RecallTaskName[]

/** One of each kind: what `asp recall` takes where none is named. */
export const USUAL_TASKS: readonly RecallTaskName[] = ['passkey', 'needles', 'mqar', 'copy_random']

/** What a suite makes: a task over a grid, or at one length of it, so that a sparsity is reached at each length by itself. */
export interface RecallSuite {
  task: RecallTaskName
  length?: number
}

const PREFIX = 'recall_'
const NAME = /^recall_(?<task>\w+?)(?:\.(?<length>[1-9]\d{0,6}))?$/

/** `recall_passkey`, `recall_passkey.512`. */
export const recallSuiteName = ({ task, length }: RecallSuite): string =>
  `${PREFIX}${task}${length === undefined ? '' : `.${length}`}`

/** Those over whole grids. */
export const RECALL_SUITES: readonly string[] = RECALL_TASK_NAMES.map((task) => recallSuiteName({ task }))

/** Null for the name of anything else. */
export function parseRecallSuite(name: string): RecallSuite | null {
  const { task: named, length } = NAME.exec(name)?.groups ?? {}
  const task = RECALL_TASK_NAMES.find((one) => one === named)
  if (task === undefined) return null
  return length === undefined ? { task } : { task, length: Number(length) }
}
