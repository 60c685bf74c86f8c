/** Every reader that the harness tries. */
import type { Target } from '../target.js'
import { CHECKPOINTS } from './checkpoints.js'
import { COMMANDS_TRIED } from './commands.js'
import { FLAGS } from './flags.js'
import { KEPT } from './kept.js'
import { LOGGED } from './logs.js'
import { REPORTED } from './records.js'
import { ROW_FILES } from './rows.js'
import { SUITE_FILES } from './suites.js'
import { TEXTS } from './texts.js'
import { TOKENIZERS } from './tokenizers.js'
import { TRAINING } from './training.js'

/** Called in the process of the harness. */
const CALLED: readonly Target[] = [
  ...REPORTED,
  ...LOGGED,
  ...TRAINING,
  ...CHECKPOINTS,
  ...TOKENIZERS,
  ...SUITE_FILES,
  ...ROW_FILES,
  ...TEXTS,
  ...KEPT,
  ...FLAGS,
]

export const TARGETS: readonly Target[] = [...CALLED, ...COMMANDS_TRIED]

/** One in so many tries is of a whole command, which takes as long as a hundred calls. */
const COMMAND_EVERY = 100

/** The target of a try, by its number: all in turn, so that a longer run makes the tries of a shorter one, and more. */
export function targetOf(number: number): Target {
  const commands = Math.floor(number / COMMAND_EVERY)
  const isCommand = number % COMMAND_EVERY === COMMAND_EVERY - 1
  return isCommand
    ? COMMANDS_TRIED[commands % COMMANDS_TRIED.length]
    : CALLED[(number - commands) % CALLED.length]
}
