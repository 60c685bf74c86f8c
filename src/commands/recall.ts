/** `asp recall`: generated questions about something said earlier, dense beside pruned, by length, depth and distance. */
import { Args, Flags, type Interfaces } from '@oclif/core'
import { commandLine, together } from '../cli/base-command.js'
import { numbers, range, usually, whole, wordOf } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { SweepCommand } from '../cli/sweep-command.js'
import type { SweepPlan } from '../record/sweep/plan.js'
import type { SweepRecord } from '../record/sweep/schema.js'
import { renderRecall } from '../report/recall-table.js'
import { DEFAULT_GRID, DEFAULT_LENGTHS } from '../suites/recall/grid.js'
import { QUESTIONS, type Question } from '../suites/recall/item.js'
import { RECALL_TASK_NAMES, USUAL_TASKS } from '../suites/recall/tasks.js'
import { recallSweep } from '../sweep/recall.js'
import type { SweepRunOptions } from '../sweep/sweep.js'

export default class Recall extends SweepCommand {
  static override summary =
    'Made questions about something said earlier: what pruning forgets, dense beside it'
  static override description =
    'Items are made for the model by a seed, and nothing is downloaded: an answer is hidden at each depth of texts of each length. ' +
    'The dense model is always scored too; where it fails, pruning proves nothing, and the result says so. ' +
    `Tasks: ${RECALL_TASK_NAMES.join(', ')}. As suites of asp eval, sweep and compare they are called recall_<task>. ` +
    'docs/recall.md describes them.'
  static override examples = together([
    '<%= config.bin %> recall passkey --sparsity 0.5,0.8',
    '<%= config.bin %> recall needle needles --policy adaptive,streaming --length 256,512 --items 10',
    '<%= config.bin %> recall passkey --question aware --filler ./novel.txt --output recall.json --resume',
  ])
  static override strict = false
  static override args = {
    tasks: Args.string({ description: `recall tasks, or all; ${USUAL_TASKS.join(', ')} when none is named` }),
  }
  static override flags = {
    length: range({
      summary: 'tokens of prompt and answer together',
      default: DEFAULT_LENGTHS,
    }),
    'needle-depth': numbers({
      summary: 'where in the text the answer stands, 0 its beginning, 1 its end',
      default: DEFAULT_GRID.depths,
    }),
    items: whole({ summary: 'items at each length and depth', default: DEFAULT_GRID.items }),
    question: Flags.custom<Question>({
      ...wordOf(QUESTIONS),
      summary:
        'what the policy knows of it: nothing (agnostic), it reads on (online), or it comes first (aware)',
    })({ default: DEFAULT_GRID.question }),
    filler: Flags.string({
      summary: 'text that answers are hidden in: a file, a folder or a Hub dataset',
      helpValue: '<path>|<dataset>',
      ...usually('bundled books'),
    }),
    'batch-tokens': shared.batchTokens,
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    resume: shared.resume,
    policy: shared.policies({ helpValue: 'adaptive,local', ...usually('adaptive') }),
    sparsity: shared.sparsities({ default: [0.5, 0.8] }),
    calibrate: shared.calibrate,
    ...shared.modelFlags,
    output: shared.record,
    overwrite: shared.overwrite,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<SweepRecord | SweepPlan> {
    const { argv, flags } = await this.parse(Recall)
    return this.sweepWith(flags, () => optionsOf(argv as string[], flags), {
      preparing: 'Making items',
      finishing: 'the batches in flight',
      kept: 'what was scored',
      render: renderRecall,
    })
  }
}

function optionsOf(
  tasks: readonly string[],
  flags: Interfaces.InferredFlags<typeof Recall.flags>,
): SweepRunOptions {
  const { length, items, question, filler, seed, resume, calibrate } = flags
  const { model, revision, dtype, policy, sparsity, output, overwrite } = flags
  return recallSweep({
    tasks,
    grid: { lengths: length, depths: flags['needle-depth'], items, seed, question, filler },
    model,
    revision,
    dtype,
    policies: policy,
    sparsities: sparsity,
    calibrate,
    batchTokens: flags['batch-tokens'],
    output,
    overwrite,
    resume,
    command: commandLine(),
  })
}
