/** `asp eval`: scores suites with a checkpoint, pruned or not, and writes the record. */
import { rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { AspCommand, deviceFlag } from '../command.js'
import type { OpenDevice } from '../device/open.js'
import { EXIT, Failure } from '../errors.js'
import { FEWSHOT_SEED } from '../eval/fewshot.js'
import { lmEvalTask } from '../eval/lm-eval-task.js'
import { DTYPE_NAMES, POLICY_NAMES } from '../eval/policy.js'
import { type PreparedRun, prepareRun } from '../eval/prepare-run.js'
import { type RunEvent, type RunHooks, runEval } from '../eval/run.js'
import { parseSamples } from '../eval/selection.js'
import { catchInterruption } from '../interruption.js'
import { createProgress, type Progress } from '../progress.js'
import { collectEnvironment } from '../record/environment.js'
import { lmEvalFiles } from '../record/lm-eval.js'
import { writeLmEvalFiles } from '../record/lm-eval-files.js'
import { openSampleLog, type SampleLine, type SampleLog, sampleLogPath } from '../record/samples.js'
import type { EvalRecord } from '../record/schema.js'
import { abandonOutput, prepareOutput, recordFileName, writeRecord } from '../record/store.js'
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
    seed: Flags.integer({ description: 'seed of the calibration sample', default: 1234 }),
    output: Flags.string({ description: 'record file (.json) or its folder (default: results)', char: 'o' }),
    'log-samples': Flags.boolean({ description: 'write a line per request beside the record', char: 's' }),
    format: Flags.option({
      description: "files to write: asp's record, or lm-eval's results and samples beside it",
      options: ['asp', 'lm-eval'] as const,
      default: 'asp' as const,
    })(),
    quiet: Flags.boolean({ description: 'no progress', char: 'q' }),
  }

  async run(): Promise<EvalRecord> {
    const { argv, flags } = await this.parse(Eval)
    const started = new Date()
    const progress = createProgress({ quiet: flags.quiet })
    const interruption = catchInterruption()
    const logs = new Map<string, SampleLog>()
    const kept = new Map<string, SampleLine[]>()
    // Tried before anything is fetched; the record's own name waits for what the checkpoint decides.
    const checked = await prepareOutput(flags.output, 'record.json')
    let record: EvalRecord | null = null
    try {
      const prepared = await interruption.orStop(this.#prepare(argv as string[], flags, progress))
      const place = await prepareOutput(flags.output, fileName(prepared, started))
      const open = await interruption.orStop(this.openDevice(flags.device))
      if (flags['log-samples']) {
        for (const { suite } of prepared.tasks) {
          logs.set(suite.name, await openSampleLog(sampleLogPath(place, suite.name)))
        }
      }
      const context = {
        environment: await collectEnvironment(adapterRecord(open)),
        started,
        command: ['asp', ...process.argv.slice(2)],
        samplesName: (task: string) => (logs.has(task) ? basename(sampleLogPath(place, task)) : null),
      }
      const hooks: RunHooks = {
        onEvent: showProgress(progress),
        onSamples: async (task, lines) => {
          if (flags.format === 'lm-eval') kept.set(task, (kept.get(task) ?? []).concat(lines))
          await logs.get(task)?.append(lines)
        },
        signal: interruption.signal,
      }
      if (!flags.quiet) interruption.signal.addEventListener('abort', sayStopping)
      record = await runEval(prepared, open, context, hooks)
      await writeRecord(place, record)
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      this.log(renderRecord(record))
      this.log(`\nRecord: ${place.path}`)
      if (flags.format === 'lm-eval' && record.status === 'complete')
        this.log(`lm-eval's files: ${await asLmEval(prepared, record, kept, place.folder)}`)
      if (record.status === 'incomplete') {
        // Not thrown: under --json the record is still to be printed.
        process.stderr.write(`error: interrupted: what was scored until then is in ${place.path}\n`)
        process.exitCode = EXIT.interrupted
      }
      return record
    } finally {
      progress.stop()
      interruption.release()
      for (const log of logs.values()) await closeLog(log, record !== null)
      if (record === null) await abandonOutput(checked)
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
        sparsity: asNumber('--sparsity', flags.sparsity),
        limit: asNumber('--limit', flags.limit),
        samples: flags.samples === undefined ? undefined : parseSamples(flags.samples),
        numFewshot: asNumber('--num-fewshot', flags['num-fewshot']),
        fewshotData: flags['fewshot-data'],
        fewshotSeed: flags['fewshot-seed'],
        batchSize: asNumber('--batch-size', flags['batch-size']),
        seed: flags.seed,
      },
      {
        onFetch: ({ repo, file, done, total }) => {
          if (done === 0) progress.start(`Fetching ${repo}/${file}`, total, 'bytes')
          progress.update(done)
        },
        onFallback: ({ suite, items }) => {
          if (flags.quiet) return
          const use = `using the bundled sample of ${items} items`
          process.stderr.write(`note: ${suite}: the Hub cannot be reached, ${use}\n`)
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
  samples?: string
  'num-fewshot'?: string
  'fewshot-data'?: string
  'fewshot-seed': number
  'batch-size'?: string
  seed: number
  quiet: boolean
}

/** Ranges are checked by the run, which knows the rules. */
function asNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isNaN(value)) return value
  throw new Failure(`${flag}: must be a number, got ${JSON.stringify(text)}`, {
    hint: 'asp eval --help tells what each flag takes',
  })
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

/** Gives the results file; the samples lie beside it. */
async function asLmEval(
  { tasks, tokenizer, options }: PreparedRun,
  record: EvalRecord,
  lines: ReadonlyMap<string, SampleLine[]>,
  folder: string,
): Promise<string> {
  const { prefixToken } = tokenizer
  const endOfText = { text: tokenizer.decode([prefixToken]), id: prefixToken }
  const inTheirs = tasks.map((task) => lmEvalTask(task, lines.get(task.suite.name) ?? []))
  const { numFewshot = 0, fewshotSeed = FEWSHOT_SEED } = options
  const facts = { endOfText, fewshotSeed: numFewshot > 0 ? fewshotSeed : null }
  const files = lmEvalFiles(record, inTheirs, facts)
  return (await writeLmEvalFiles(folder, record.model.id, files, new Date())).results
}

function fileName({ tasks, model, policy }: PreparedRun, started: Date): string {
  return recordFileName({
    suites: tasks.map(({ suite }) => suite.name),
    model: model.id,
    policy: policy.name,
    sparsity: policy.sparsity,
    started,
  })
}

/** A log without a record is kept for the lines it has, if any. */
async function closeLog(log: SampleLog, hasRecord: boolean): Promise<void> {
  await log.close()
  if (!hasRecord && (await stat(log.path)).size === 0) await rm(log.path)
}

function sayStopping(): void {
  process.stderr.write('interrupted: finishing the batches in flight; Ctrl-C again ends at once\n')
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
