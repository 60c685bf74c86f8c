/** `asp eval`: scores suites with a checkpoint, pruned or not, and writes the record. */
import { Args, Flags, type Interfaces } from '@oclif/core'
import { attended, endInterrupted } from '../cli/attended.js'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import { number, read, usually, whole } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { type EvaluateOptions, evaluate } from '../eval/evaluate.js'
import { parseShard, type Shard } from '../eval/shard.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { renderEval } from '../report/eval-table.js'
import { FEWSHOT_SEED } from '../suites/fewshot.js'
import { parseSamples } from '../suites/selection.js'

export default class Eval extends AspCommand {
  static override summary =
    'Score a GPT-2 checkpoint on suites, zero-shot or few-shot, with adaptive context pruning'
  static override description =
    'Sparsity is the share of causal (query, key) pairs removed over the run: --sparsity 0.8 removes 80 % of the ' +
    "context. Without --sparsity the checkpoint's own threshold decides. Data comes from --data, else from the " +
    'Hub, else, without a network, from a bundled sample of real items. --limit is a number of documents, or a share below 1. ' +
    "--output-format lm-eval writes lm-eval's files beside asp's record."
  static override examples = together([
    '<%= config.bin %> eval hellaswag --sparsity 0.8',
    '<%= config.bin %> eval hellaswag piqa --policy dense --limit 100 --json',
    '<%= config.bin %> eval paper --num-fewshot 5',
    '<%= config.bin %> eval wikitext --model ./my-checkpoint --data wiki.test.raw',
  ])
  static override strict = false
  static override args = {
    suites: Args.string({
      description: 'suites, groups and globs (see asp tasks), or paths of suite files',
      required: true,
    }),
  }
  static override flags = {
    data: shared.data(),
    'strict-data': shared.strictData,
    limit: shared.limit({ helpValue: '<documents>' }),
    samples: Flags.string({
      summary: 'documents to score: {"suite": [positions]}, or a file',
      char: 'E',
      helpValue: '<json>',
    }),
    'num-fewshot': number({ summary: 'solved examples before each question', char: 'f', ...usually('0') }),
    'fewshot-data': Flags.string({
      summary: 'where examples are drawn from',
      helpValue: '<path>',
      ...usually('as lm-eval'),
    }),
    'fewshot-seed': whole({ summary: 'seed of the draw of examples', default: FEWSHOT_SEED }),
    'batch-size': shared.batchSize(usually('by tokens')),
    'batch-tokens': shared.batchTokens,
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    shard: Flags.custom<Shard>({ parse: read<Shard>((_flag, text) => parseShard(text)) })({
      summary: 'score share i of n, for asp merge; auto: of Slurm, Kubernetes',
      helpValue: 'i/n|auto',
    }),
    resume: shared.resume,
    ...shared.levelFlags,
    granularity: shared.granularity,
    calibrate: shared.calibrate,
    ...shared.modelFlags,
    output: shared.record,
    overwrite: shared.overwrite,
    'output-format': shared.outputFormat([...shared.TABLE_FORMS, 'lm-eval', 'asp'])({
      default: 'table',
      aliases: ['format'],
      deprecateAliases: true,
    }),
    'log-samples': Flags.boolean({
      summary: 'write a line per request as well',
      char: 's',
      helpGroup: 'output',
    }),
    quiet: shared.quiet,
  }

  async run(): Promise<EvalRecord> {
    const { argv, flags } = await this.parse(Eval)
    return attended(flags, async (watch) => {
      const { progress, note } = watch
      progress.start('Reading suites and checkpoint')
      const { record, path, lmEval } = await evaluate(optionsOf(argv as string[], flags), {
        ...this.runHooks(watch, flags, 'the batches in flight'),
        onResume: (requests) => {
          if (requests > 0) note(`resuming: ${requests} requests are scored already`)
        },
      })
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      const form = flags['output-format']
      const places = [`Record: ${path}`, ...(lmEval === null ? [] : [`lm-eval's files: ${lmEval}`])]
      this.logTables(renderEval(record, this.sheetOptions(form)), form, watch, places)
      if (record.status === 'incomplete') endInterrupted(`: what was scored until then is in ${path}`)
      return record
    })
  }
}

function optionsOf(
  suites: readonly string[],
  flags: Interfaces.InferredFlags<typeof Eval.flags>,
): EvaluateOptions {
  const { data, limit, model, revision, dtype, policy, sparsity, shift, size, calibrate, shard, seed } = flags
  const { granularity } = flags
  const { samples, resume, output, overwrite } = flags
  return {
    suites,
    data,
    limit,
    model,
    revision,
    dtype,
    policy,
    sparsity,
    shift,
    size,
    granularity,
    calibrate,
    shard,
    seed,
    resume,
    output,
    overwrite,
    samples: samples === undefined ? undefined : parseSamples(samples),
    numFewshot: flags['num-fewshot'],
    fewshotData: flags['fewshot-data'],
    fewshotSeed: flags['fewshot-seed'],
    batchSize: flags['batch-size'],
    batchTokens: flags['batch-tokens'],
    logSamples: flags['log-samples'],
    lmEval: flags['output-format'] === 'lm-eval',
    command: commandLine(),
  }
}
