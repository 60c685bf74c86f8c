/** `asp sweep`: policies at sparsities over suites, perplexity, memory and latency, in one resumable run and one record. */
import { Args, Flags, type Interfaces } from '@oclif/core'
import { commandLine, together } from '../cli/base-command.js'
import { usually, wordsOf } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { SweepCommand } from '../cli/sweep-command.js'
import { SWEEP_PARTS, type SweepPart } from '../record/names.js'
import type { SweepPlan } from '../record/sweep/plan.js'
import type { SweepRecord } from '../record/sweep/schema.js'
import { renderSweep } from '../report/sweep-table.js'
import { DEFAULT_REPETITIONS, DEFAULT_SPARSITIES } from '../sweep/options.js'
import type { SweepRunOptions } from '../sweep/sweep.js'

/** Tokens of text at each context length. */
const DEFAULT_TEXT_LIMIT = 4096

export default class Sweep extends SweepCommand {
  static override summary =
    'Policies side by side: quality, memory and latency at each sparsity, in one record'
  static override description =
    'Every policy at every sparsity: the suites as asp eval scores them, the perplexity of a text as asp ppl measures it, memory ' +
    'and latency as asp bench measures them. Equal work is done once: sparsity 0 of every policy is the dense model. ' +
    'A resumed sweep (--resume) produces the same record as an uninterrupted one. docs/sweep.md says how the Pareto ' +
    'frontier is drawn.'
  static override examples = together([
    '<%= config.bin %> sweep paper --policy adaptive,local,streaming --sparsity 0,0.5,0.8,0.9',
    '<%= config.bin %> sweep hellaswag piqa --limit 100 --parts eval --output sweep.json --resume',
    '<%= config.bin %> sweep --policy adaptive,local --ctx 256,1024 --parts ppl,bench',
    '<%= config.bin %> sweep paper --policy adaptive,local --dry-run',
  ])
  static override strict = false
  static override args = {
    suites: Args.string({
      description: 'suites, groups and globs (see asp tasks); without any, no suite is scored',
    }),
  }
  static override flags = {
    parts: Flags.custom<readonly SweepPart[]>(wordsOf(SWEEP_PARTS))({
      summary: 'what is measured',
      ...usually('all; eval with suites'),
    }),
    data: shared.data(),
    'strict-data': shared.strictData,
    limit: shared.limit({ helpValue: '<documents>' }),
    text: shared.textSource({ helpValue: '<path>|<dataset>', ...usually('sample') }),
    'text-limit': Flags.custom<number>(shared.AMOUNT)({
      summary: 'most tokens of text at each context length',
      default: DEFAULT_TEXT_LIMIT,
    }),
    ctx: shared.ctxs(usually('256,1024')),
    repetitions: shared.repetitions({ default: DEFAULT_REPETITIONS }),
    'batch-tokens': shared.batchTokens,
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    'dry-run': shared.dryRun,
    resume: shared.resume,
    policy: shared.policies({ helpValue: 'adaptive,local', ...usually('adaptive') }),
    sparsity: shared.sparsities({ default: DEFAULT_SPARSITIES }),
    calibrate: shared.calibrate,
    ...shared.modelFlags,
    output: shared.record,
    overwrite: shared.overwrite,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<SweepRecord | SweepPlan> {
    const { argv, flags } = await this.parse(Sweep)
    return this.sweepWith(flags, () => optionsOf(argv as string[], flags), {
      preparing: 'Reading checkpoint, suites and text',
      finishing: 'the work in flight',
      kept: 'what was measured',
      render: renderSweep,
    })
  }
}

function optionsOf(
  suites: readonly string[],
  flags: Interfaces.InferredFlags<typeof Sweep.flags>,
): SweepRunOptions {
  const { parts, data, limit, text, ctx, repetitions, seed, resume } = flags
  const { model, revision, dtype, policy, sparsity, calibrate, output, overwrite } = flags
  return {
    suites,
    parts,
    data,
    limit,
    text: text === undefined ? [] : [text],
    textLimit: flags['text-limit'],
    ctx,
    repetitions,
    batchTokens: flags['batch-tokens'],
    seed,
    dryRun: flags['dry-run'],
    resume,
    model,
    revision,
    dtype,
    policies: policy,
    sparsities: sparsity,
    calibrate,
    output,
    overwrite,
    command: commandLine(),
  }
}
