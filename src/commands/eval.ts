/** `asp eval`: scores suites with a checkpoint, pruned or not, and writes the record. */
import { Args, Flags } from '@oclif/core'
import { attended, endInterrupted } from '../cli/attended.js'
import {
  AspCommand,
  asNumber,
  calibrationSeedFlag,
  modelFlags,
  quietFlag,
  recordFlag,
  runDevice,
} from '../cli/base-command.js'
import type { Progress } from '../cli/progress.js'
import { type EvaluateOptions, evaluate } from '../eval/evaluate.js'
import type { RunEvent } from '../eval/run.js'
import { parseShard } from '../eval/shard.js'
import { type DTYPE_NAMES, SCORING_POLICY_NAMES } from '../pruning/policy.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { renderRecord } from '../report/table.js'
import { FEWSHOT_SEED } from '../suites/fewshot.js'
import { parseSamples } from '../suites/selection.js'

export default class Eval extends AspCommand {
  static override summary = 'Score a GPT-2 checkpoint on zero-shot suites, with adaptive context pruning'
  static override description =
    'Sparsity is the share of causal (query, key) pairs removed over the run: --sparsity 0.8 removes 80 % of the ' +
    'context. Without --sparsity the checkpoint decides by its own threshold. Data comes from --data, else from the ' +
    'Hub, else, without a network, from a bundled sample of real items.'
  static override examples = [
    '<%= config.bin %> eval hellaswag --sparsity 0.8',
    '<%= config.bin %> eval hellaswag piqa --policy dense --limit 100 --json',
    '<%= config.bin %> eval paper --num-fewshot 5',
    '<%= config.bin %> eval wikitext --model ./my-checkpoint --data wiki.test.raw',
  ]
  static override strict = false
  static override args = {
    suites: Args.string({
      description: 'suites, groups and globs (see asp tasks), or paths of suite files',
      required: true,
    }),
  }
  static override flags = {
    ...modelFlags,
    policy: Flags.option({
      description: 'what decides which tokens are dropped',
      options: SCORING_POLICY_NAMES,
    })(),
    sparsity: Flags.string({
      description: 'share of context to remove, at least 0 and below 1',
      helpValue: '0.8',
    }),
    size: Flags.string({
      description: 'window, stride or budget in tokens instead of the one for --sparsity',
    }),
    shift: Flags.string({
      description: 'threshold shift to use instead of searching the one for --sparsity',
    }),
    data: Flags.string({ description: 'file or folder with the items, or "sample" for the bundled ones' }),
    limit: Flags.string({
      description: 'score only the first documents: a number, or a fraction below 1',
      char: 'L',
    }),
    samples: Flags.string({
      description: 'score these documents: JSON {"suite": [positions]} or a file that holds it',
      char: 'E',
    }),
    'num-fewshot': Flags.string({
      description: 'answered examples before each question (default: none)',
      char: 'f',
    }),
    'fewshot-data': Flags.string({
      description: 'file or folder the examples are drawn from (default: the split lm-eval draws from)',
    }),
    'fewshot-seed': Flags.integer({ description: 'seed of the draw of examples', default: FEWSHOT_SEED }),
    'batch-size': Flags.string({
      description: 'requests of a batch at most (default: by tokens)',
      char: 'b',
    }),
    'batch-tokens': Flags.string({
      description: 'tokens of a batch at most, or "auto" for what suits the adapter',
      default: 'auto',
    }),
    shard: Flags.string({
      description: 'score only share i of n, to be joined by asp merge; auto reads Slurm or Kubernetes',
      helpValue: 'i/n|auto|auto/n',
    }),
    resume: Flags.boolean({ description: 'go on with the run at --output, or start it there' }),
    seed: calibrationSeedFlag,
    output: recordFlag,
    'log-samples': Flags.boolean({ description: 'write a line per request beside the record', char: 's' }),
    format: Flags.option({
      description: "files to write: asp's record, or lm-eval's results and samples beside it",
      options: ['asp', 'lm-eval'] as const,
      default: 'asp' as const,
    })(),
    quiet: quietFlag,
  }

  async run(): Promise<EvalRecord> {
    const { argv, flags } = await this.parse(Eval)
    return attended(flags, async ({ progress, signal, orStop, note, onFetch, onFallback, onRunning }) => {
      progress.start('Reading suites and checkpoint')
      const { record, path, lmEval } = await evaluate(optionsOf(argv as string[], flags), {
        orStop,
        signal,
        openDevice: async () => runDevice(await this.openDevice(flags, signal)),
        onPrepared: () => progress.stop(),
        onRunning: () => onRunning('the batches in flight'),
        onEvent: showProgress(progress),
        onResume: (requests) => {
          if (requests > 0) note(`resuming: ${requests} requests are scored already`)
        },
        onFetch,
        onFallback,
      })
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      this.log(renderRecord(record))
      this.log(`\nRecord: ${path}`)
      if (lmEval !== null) this.log(`lm-eval's files: ${lmEval}`)
      if (record.status === 'incomplete') endInterrupted(`: what was scored until then is in ${path}`)
      return record
    })
  }
}

type EvalFlags = {
  model?: string
  revision?: string
  policy?: (typeof SCORING_POLICY_NAMES)[number]
  sparsity?: string
  shift?: string
  size?: string
  data?: string
  dtype: (typeof DTYPE_NAMES)[number]
  limit?: string
  samples?: string
  'num-fewshot'?: string
  'fewshot-data'?: string
  'fewshot-seed': number
  'batch-size'?: string
  'batch-tokens': string
  shard?: string
  seed: number
  output?: string
  'log-samples': boolean
  resume: boolean
  format: 'asp' | 'lm-eval'
}

function optionsOf(suites: readonly string[], flags: EvalFlags): EvaluateOptions {
  return {
    suites,
    model: flags.model,
    revision: flags.revision,
    data: flags.data,
    dtype: flags.dtype,
    policy: flags.policy,
    sparsity: asNumber('--sparsity', flags.sparsity),
    shift: asNumber('--shift', flags.shift),
    size: asNumber('--size', flags.size),
    limit: asNumber('--limit', flags.limit),
    samples: flags.samples === undefined ? undefined : parseSamples(flags.samples),
    numFewshot: asNumber('--num-fewshot', flags['num-fewshot']),
    fewshotData: flags['fewshot-data'],
    fewshotSeed: flags['fewshot-seed'],
    batchSize: asNumber('--batch-size', flags['batch-size']),
    batchTokens:
      flags['batch-tokens'] === 'auto' ? undefined : asNumber('--batch-tokens', flags['batch-tokens']),
    shard: flags.shard === undefined ? undefined : parseShard(flags.shard),
    seed: flags.seed,
    output: flags.output,
    logSamples: flags['log-samples'],
    resume: flags.resume,
    lmEval: flags.format === 'lm-eval',
    command: ['asp', ...process.argv.slice(2)],
  }
}

function showProgress(progress: Progress): (event: RunEvent) => void {
  let shown = ''
  return (event) => {
    const key = event.stage === 'score' ? event.task : event.stage
    if (key !== shown) {
      if (shown !== '') progress.succeed()
      shown = key
      if (event.stage === 'load') progress.start('Loading weights', event.total, 'tensors')
      if (event.stage === 'calibrate')
        progress.start('Calibrating the drop threshold', undefined, 'evaluations')
      if (event.stage === 'score') progress.start(`Scoring ${event.task}`, event.total, 'requests')
      if (event.stage === 'bootstrap')
        progress.start(`Bootstrapping the standard error of ${event.task}`, event.total, 'replicates')
    }
    if (event.stage === 'load' || event.stage === 'bootstrap') progress.update(event.done)
    else if (event.stage === 'calibrate') {
      progress.update(
        event.evaluations,
        `shift ${event.shift.toFixed(3)}, sparsity ${event.sparsity.toFixed(3)}`,
      )
    } else progress.update(event.done, event.metric)
  }
}
