/** Every reader that the harness tries. */
import type { Target } from '../target.js'
import { FLAGS } from './flags.js'
import { REPORTED } from './records.js'
import { ROW_FILES } from './rows.js'

export const TARGETS: readonly Target[] = [...REPORTED, ...ROW_FILES, ...FLAGS]
