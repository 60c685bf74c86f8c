/** `asp eval`: scores suites with a checkpoint, pruned or not, and writes the record. */
import { basename } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { AspCommand, deviceFlag } from '../command.js'
import type { OpenDevice } from '../device/open.js'
import { EXIT } from '../errors.js'
import { DTYPE_NAMES, POLICY_NAMES } from '../eval/policy.js'
import { type PreparedRun, prepareRun } from '../eval/prepare-run.js'
import { type RunEvent, type RunHooks, runEval } from '../eval/run.js'
import { createProgress, type Progress } from '../progress.js'
import { collectEnvironment } from '../record/environment.js'
import { openSampleLog, type SampleLog, sampleLogPath } from '../record/samples.js'
import type { EvalRecord } from '../record/schema.js'
import {
  abandonOutput,
  type OutputTarget,
  prepareOutput,
  recordFileName,
  writeRecord,
} from '../record/store.js'
import { renderRecord } from '../report/table.js'

export default class Eval extends AspCommand {
  static override summary = 'Score a GPT-2 checkpoint on zero-shot suites, with adaptive context pruning'
  static override description =
    'Sparsity is the share of causal (query, key) pairs removed over the run: --sparsity 0.8 removes 80 % of the ' +
    'context. Without --sparsity the checkpoint decides by its own threshold. Data comes from --data, else from the ' +
    'Hub, else, without a network, from a bundled sample of real items.'
  static override examples = [
    '<%= config.bin %> eval hellaswag --sparsity 0.8',
    '<%= config.bin %> eval hellaswag piqa --policy dense --limit 100 --json',
    '<%= config.bin %> eval wikitext --model ./my-checkpoint --data wiki.test.raw',
  ]
  static override strict = false
  static override args = {
    suites: Args.string({
      description: 'names of suites (see asp tasks) or paths of suite files',
      required: true,
    }),
  }
  static override flags = {
    model: Flags.string({
      description: 'folder, bundled name or Hub id (default: the bundled asp-tiny)',
      char: 'm',
    }),
    revision: Flags.string({ description: 'branch, tag or commit of a Hub model' }),
    policy: Flags.option({ description: 'what decides which tokens are dropped', options: POLICY_NAMES })(),
    sparsity: Flags.string({
      description: 'share of context to remove, at least 0 and below 1',
      helpValue: '0.8',
    }),
    data: Flags.string({ description: 'file or folder with the items, or "sample" for the bundled ones' }),
    dtype: Flags.option({
      description: 'how weights are kept',
      options: DTYPE_NAMES,
      default: 'auto' as const,
    })(),
    device: deviceFlag,
    limit: Flags.string({
      description: 'score only the first documents: a number, or a fraction below 1',
      char: 'L',
    }),
    'batch-size': Flags.string({
      description: 'requests of a batch at most (default: by tokens)',
      char: 'b',
    }),
    seed: Flags.integer({ description: 'seed of the calibration sample', default: 1234 }),
    output: Flags.string({ description: 'record file (.json) or its folder (default: results)', char: 'o' }),
    'log-samples': Flags.boolean({ description: 'write a line per request beside the record', char: 's' }),
    quiet: Flags.boolean({ description: 'no progress', char: 'q' }),
  }

  async run(): Promise<EvalRecord> {
    const { argv, flags } = await this.parse(Eval)
    const started = new Date()
    const progress = createProgress({ quiet: flags.quiet })
    const stop = interruption()
    let target: OutputTarget | null = null
    let record: EvalRecord | null = null
    const logs = new Map<string, SampleLog>()
    try {
      const prepared = await this.#prepare(argv as string[], flags, progress)
      const name = recordFileName({
        suites: prepared.tasks.map(({ suite }) => suite.name),
        model: prepared.model.id,
        policy: prepared.policy.name,
        sparsity: prepared.policy.sparsity,
        started,
      })
      const place = await prepareOutput(flags.output, name)
      target = place
      if (flags['log-samples']) {
        for (const { suite } of prepared.tasks) {
          logs.set(suite.name, await openSampleLog(sampleLogPath(place, suite.name)))
        }
      }
      const open = await this.openDevice(flags.device)
      const context = {
        environment: await collectEnvironment(adapterRecord(open)),
        started,
        command: ['asp', ...process.argv.slice(2)],
        samplesName: (task: string) => (logs.has(task) ? basename(sampleLogPath(place, task)) : null),
      }
      const hooks: RunHooks = {
        onEvent: showProgress(progress),
        onSamples: async (task, lines) => logs.get(task)?.append(lines),
        signal: stop.signal,
      }
      record = await runEval(prepared, open, context, hooks)
      await writeRecord(place, record)
      progress.stop()
      this.log(renderRecord(record))
      this.log(`\nRecord: ${place.path}`)
      if (record.status === 'incomplete') {
        process.stderr.write(`error: interrupted, what was scored is in ${place.path}\n`)
        process.exitCode = EXIT.interrupted
      }
      return record
    } finally {
      progress.stop()
      stop.release()
      for (const log of logs.values()) await log.close()
      if (target !== null && record === null) await abandonOutput(target)
    }
  }

  async #prepare(suites: string[], flags: EvalFlags, progress: Progress): Promise<PreparedRun> {
    progress.start('Reading suites and checkpoint')
    const prepared = await prepareRun(
      {
        suites,
        model: flags.model,
        revision: flags.revision,
        data: flags.data,
        dtype: flags.dtype,
        policy: flags.policy,
        sparsity: asNumber(flags.sparsity),
        limit: asNumber(flags.limit),
        batchSize: asNumber(flags['batch-size']),
        seed: flags.seed,
      },
      {
        onFetch: ({ repo, file, done, total }) => {
          if (done === 0) progress.start(`Fetching ${repo}/${file}`, total, 'bytes')
          progress.update(done)
        },
        onFallback: (suite, reason) => {
          if (!flags.quiet) process.stderr.write(`note: ${suite}: using the bundled sample (${reason})\n`)
        },
      },
    )
    progress.stop()
    return prepared
  }
}

type EvalFlags = {
  model?: string
  revision?: string
  policy?: (typeof POLICY_NAMES)[number]
  sparsity?: string
  data?: string
  dtype: (typeof DTYPE_NAMES)[number]
  limit?: string
  'batch-size'?: string
  seed: number
  quiet: boolean
}

/** NaN for what is no number: the checks of the run name the flag and the rule. */
function asNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : text.trim() === '' ? Number.NaN : Number(text)
}

function adapterRecord({ adapter }: OpenDevice): EvalRecord['environment']['adapter'] {
  const { name, vendor, architecture, driver, backend, kind, bundled, features } = adapter
  return {
    name,
    vendor,
    architecture,
    driver,
    backend,
    kind: kind === 'hardware' ? 'hardware' : 'software',
    bundled,
    features: [...features],
  }
}

/** Ctrl-C ends the run after the batches in flight; a second one ends the process. */
function interruption(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const abort = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort()
  }
  process.on('SIGINT', abort)
  process.on('SIGTERM', abort)
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', abort)
      process.off('SIGTERM', abort)
    },
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
    }
    if (event.stage === 'load') progress.update(event.done)
    else if (event.stage === 'calibrate') {
      progress.update(
        event.evaluations,
        `shift ${event.shift.toFixed(3)}, sparsity ${event.sparsity.toFixed(3)}`,
      )
    } else progress.update(event.done, event.metric)
  }
}
