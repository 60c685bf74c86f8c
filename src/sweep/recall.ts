/** What `asp recall` asks of a sweep: its tasks as suites, the dense model always among the cells, and nothing but suites. Pure. */
import { Failure, nearestName } from '../errors.js'
import { checkGrid, DEFAULT_LENGTHS, type RecallGrid } from '../suites/recall/grid.js'
import {
  parseRecallSuite,
  RECALL_TASK_NAMES,
  type RecallTaskName,
  recallSuiteName,
  USUAL_TASKS,
} from '../suites/recall/tasks.js'
import { DEFAULT_REPETITIONS } from './options.js'
import type { SweepRunOptions } from './sweep.js'

type Passed =
  | 'model'
  | 'revision'
  | 'dtype'
  | 'policies'
  | 'sparsities'
  | 'calibrate'
  | 'batchTokens'
  | 'output'
  | 'overwrite'
  | 'resume'
  | 'command'

export interface RecallOptions extends Pick<SweepRunOptions, Passed> {
  /** As typed: names, with commas between them or not, `all`; the usual ones for none. */
  tasks: readonly string[]
  grid: RecallGrid
}

/** Failure: a task that there is not, or a grid that no items can be made of. */
export function recallSweep({ tasks, grid, sparsities, ...passed }: RecallOptions): SweepRunOptions {
  checkGrid(grid)
  const typed = tasks.flatMap((one) => one.split(',')).map((one) => one.trim())
  const named =
    typed.length === 0
      ? USUAL_TASKS
      : typed.flatMap((one) => (one === 'all' ? RECALL_TASK_NAMES : [taskNamed(one)]))
  const { lengths = DEFAULT_LENGTHS } = grid
  return {
    ...passed,
    name: 'recall',
    // A suite a length: each reaches the sparsity by itself.
    suites: [...new Set(named)].flatMap((task) => lengths.map((length) => recallSuiteName({ task, length }))),
    recall: grid,
    parts: ['eval'],
    sparsities: [...new Set([0, ...sparsities])],
    seed: grid.seed,
    // Of parts that are left out.
    text: [],
    textLimit: 1024,
    repetitions: DEFAULT_REPETITIONS,
    dryRun: false,
  }
}

/** With or without the prefix that it has as a suite. */
function taskNamed(typed: string): RecallTaskName {
  const found = RECALL_TASK_NAMES.find((name) => name === typed) ?? parseRecallSuite(typed)?.task
  if (found !== undefined) return found
  const near = nearestName(typed, RECALL_TASK_NAMES)
  throw new Failure(`unknown recall task '${typed}'`, {
    hint: `${near ? `did you mean ${near}? ` : ''}Tasks are ${RECALL_TASK_NAMES.join(', ')}`,
  })
}
