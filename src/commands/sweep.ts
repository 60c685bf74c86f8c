/** `asp sweep`: policies at sparsities over suites, perplexity, memory and latency, in one resumable run and one record. */
import { Args, Flags } from '@oclif/core'
import { attended, endInterrupted } from '../cli/attended.js'
import { AspCommand, asNumber, modelFlags, quietFlag, recordFlag, runDevice } from '../cli/base-command.js'
import type { Progress } from '../cli/progress.js'
import { parseNumbers, parseRange, parseWords } from '../data/ranges.js'
import { type DTYPE_NAMES, SCORING_POLICY_NAMES } from '../pruning/policy.js'
import type { SweepPlan } from '../record/sweep/plan.js'
import { SWEEP_PARTS, type SweepRecord } from '../record/sweep/schema.js'
import { planLine, renderPlan } from '../report/sweep-plan.js'
import { renderSweep } from '../report/sweep-table.js'
import { DEFAULT_REPETITIONS, DEFAULT_SPARSITIES } from '../sweep/options.js'
import type { SweepEvent } from '../sweep/run.js'
import { type SweepRunOptions, sweep } from '../sweep/sweep.js'

/** Tokens of text at each context length. */
const DEFAULT_TEXT_LIMIT = 4096

export default class Sweep extends AspCommand {
  static override summary =
    'Policies side by side: quality, memory and latency at each sparsity, in one record'
  static override description =
    'Every policy at every sparsity: the suites as asp eval scores them, the perplexity of a text as asp ppl has it, memory ' +
    'and latency as asp bench measures them. What is the same is run once: sparsity 0 of every policy is the dense model. ' +
    'Killed at any moment, the same command with --resume goes on and ends in the same record. docs/sweep.md tells how ' +
    'the Pareto frontier is drawn.'
  static override examples = [
    '<%= config.bin %> sweep paper --policy adaptive,local,streaming --sparsity 0,0.5,0.8,0.9',
    '<%= config.bin %> sweep hellaswag piqa --limit 100 --parts eval --output sweep.json --resume',
    '<%= config.bin %> sweep --policy adaptive,local --ctx 256,1024 --parts ppl,bench',
    '<%= config.bin %> sweep paper --policy adaptive,local --dry-run',
  ]
  static override strict = false
  static override args = {
    suites: Args.string({ description: 'suites, groups and globs (see asp tasks); none leaves them out' }),
  }
  static override flags = {
    policy: Flags.string({
      description: `policies: some of ${SCORING_POLICY_NAMES.join(', ')} (default: adaptive)`,
      helpValue: 'adaptive,local',
    }),
    sparsity: Flags.string({
      description: 'shares of context to remove, each at least 0 and below 1; 0 is the dense model',
      default: DEFAULT_SPARSITIES.join(','),
      helpValue: '0,0.5,0.8',
    }),
    ctx: Flags.string({
      description:
        "context lengths of perplexity, memory and latency (default: 256,1024, as far as the model's positions go)",
      char: 'c',
      helpValue: '256,1024',
    }),
    parts: Flags.string({
      description: `what is measured: some of ${SWEEP_PARTS.join(', ')} (default: all; eval where suites are named)`,
      helpValue: 'eval,ppl',
    }),
    ...modelFlags,
    data: Flags.string({ description: 'suites\' items: a file or folder, or "sample" for the bundled ones' }),
    limit: Flags.string({
      description: 'score only the first documents of each suite: a number, or a fraction below 1',
      char: 'L',
    }),
    text: Flags.string({
      description: 'what perplexity is of: a file, a folder or a Hub dataset (default: the bundled sample)',
    }),
    'text-limit': Flags.string({
      description: 'tokens of text scored at most at each context length, or all',
      default: String(DEFAULT_TEXT_LIMIT),
    }),
    repetitions: Flags.integer({
      description: 'rounds of memory and latency; fewer than 6 cannot tell a difference at 95 %',
      char: 'r',
      default: DEFAULT_REPETITIONS,
    }),
    'batch-tokens': Flags.string({
      description: 'tokens of a batch at most, or "auto" for what suits the adapter',
      default: 'auto',
    }),
    'dry-run': Flags.boolean({
      description: 'print the grid and an estimate of the time, and measure nothing',
    }),
    resume: Flags.boolean({ description: 'go on with the sweep at --output, or start it there' }),
    seed: Flags.integer({ description: 'seed of the calibration samples', default: 1234 }),
    output: recordFlag,
    quiet: quietFlag,
  }

  async run(): Promise<SweepRecord | SweepPlan> {
    const { argv, flags } = await this.parse(Sweep)
    return attended(flags, async ({ progress, signal, orStop, note, onFetch, onFallback, onRunning }) => {
      progress.start('Reading checkpoint, suites and text')
      const { plan, record, path } = await sweep(optionsOf(argv as string[], flags), {
        orStop,
        signal,
        openDevice: async () => runDevice(await this.openDevice(flags, signal)),
        onPrepared: () => progress.stop(),
        onRunning: () => onRunning('the work in flight'),
        onPlan: (plan) => {
          progress.stop()
          if (!flags['dry-run']) note(planLine(plan))
        },
        onEvent: showProgress(progress),
        onFetch,
        onFallback,
      })
      if (record === null) {
        this.log(renderPlan(plan))
        return plan
      }
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      this.log(renderSweep(record))
      this.log(`\nRecord: ${path}`)
      if (record.status === 'incomplete') endInterrupted(`: what was measured until then is in ${path}`)
      return record
    })
  }
}

type SweepFlags = {
  policy?: string
  sparsity: string
  ctx?: string
  parts?: string
  model?: string
  revision?: string
  data?: string
  limit?: string
  text?: string
  'text-limit': string
  repetitions: number
  dtype: (typeof DTYPE_NAMES)[number]
  'batch-tokens': string
  'dry-run': boolean
  resume: boolean
  seed: number
  output?: string
}

function optionsOf(suites: readonly string[], flags: SweepFlags): SweepRunOptions {
  const { policy, parts, ctx, text } = flags
  const textLimit = flags['text-limit']
  return {
    suites,
    model: flags.model,
    revision: flags.revision,
    dtype: flags.dtype,
    policies: policy === undefined ? undefined : parseWords('--policy', policy, SCORING_POLICY_NAMES),
    sparsities: parseNumbers('--sparsity', flags.sparsity),
    ctx: ctx === undefined ? undefined : parseRange('--ctx', ctx),
    parts: parts === undefined ? undefined : parseWords('--parts', parts, SWEEP_PARTS),
    data: flags.data,
    limit: asNumber('--limit', flags.limit),
    text: text === undefined ? [] : [text],
    textLimit:
      textLimit === 'all'
        ? Number.POSITIVE_INFINITY
        : (asNumber('--text-limit', textLimit) ?? DEFAULT_TEXT_LIMIT),
    repetitions: flags.repetitions,
    batchTokens:
      flags['batch-tokens'] === 'auto' ? undefined : asNumber('--batch-tokens', flags['batch-tokens']),
    dryRun: flags['dry-run'],
    resume: flags.resume,
    seed: flags.seed,
    output: flags.output,
    command: ['asp', ...process.argv.slice(2)],
  }
}

/** A line for each suite of each cell, and for each stage of the rest. */
function showProgress(progress: Progress): (event: SweepEvent) => void {
  let shown = ''
  return (event) => {
    const { label, total, unit, done, info } = describe(event)
    if (label !== shown) {
      if (shown !== '') progress.succeed()
      shown = label
      progress.start(label, total, unit)
    }
    progress.update(done, info)
  }
}

interface Shown {
  label: string
  total?: number
  unit: string
  done: number
  info?: string
}

function describe(event: SweepEvent): Shown {
  if (event.stage === 'load')
    return { label: 'Loading weights', total: event.total, unit: 'tensors', done: event.done }
  if (event.stage === 'ppl') {
    const { event: inner } = event
    if (inner.stage === 'load')
      return { label: 'Loading weights', total: inner.total, unit: 'tensors', done: inner.done }
    return { label: 'Perplexity', total: inner.total, unit: 'rows', done: inner.done, info: inner.info }
  }
  if (event.stage === 'bench') {
    const { event: inner } = event
    if (inner.stage === 'calibrate')
      return { label: 'Memory and latency', unit: 'evaluations', done: inner.evaluations }
    if (inner.stage === 'load') return { label: 'Memory and latency', unit: 'tensors', done: inner.done }
    const turn = inner.round === undefined ? '' : `round ${inner.round + 1} of ${inner.rounds}, `
    return {
      label: 'Memory and latency',
      unit: 'configurations',
      done: 0,
      info: `${turn}${inner.done} of ${inner.total}, ${inner.cell}`,
    }
  }
  const { cell, place, cells, event: inner } = event
  const name = `Cell ${place + 1} of ${cells}, ${cell}`
  if (inner.stage === 'calibrate') {
    const info = `shift ${inner.shift.toFixed(3)}, sparsity ${inner.sparsity.toFixed(3)}`
    return { label: `${name}, calibrating`, unit: 'evaluations', done: inner.evaluations, info }
  }
  if (inner.stage === 'load') return { label: name, total: inner.total, unit: 'tensors', done: inner.done }
  const [what, unit] =
    inner.stage === 'score' ? [inner.task, 'requests'] : [`standard error of ${inner.task}`, 'replicates']
  const info = inner.stage === 'score' ? inner.metric : undefined
  return { label: `${name}, ${what}`, total: inner.total, unit, done: inner.done, info }
}
