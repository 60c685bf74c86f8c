/** Every reader that the harness tries. */
import type { Target } from '../target.js'
import { CHECKPOINTS } from './checkpoints.js'
import { FLAGS } from './flags.js'
import { KEPT } from './kept.js'
import { LOGGED } from './logs.js'
import { REPORTED } from './records.js'
import { ROW_FILES } from './rows.js'
import { SUITE_FILES } from './suites.js'
import { TEXTS } from './texts.js'
import { TOKENIZERS } from './tokenizers.js'
import { TRAINING } from './training.js'

export const TARGETS: readonly Target[] = [
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
