/** `asp eval` without its command: prepare, find the place for the record, go on with what is there, run, write. */
import { dirname } from 'node:path'
import { Failure } from '../errors.js'
import type { SampleLine } from '../record/eval/samples.js'
import type { AdapterRecord, EvalRecord } from '../record/eval/schema.js'
import { collectEnvironment } from '../record/io/environment.js'
import { abandonOutput, type OutputTarget, prepareOutput, recordFileName } from '../record/io/store.js'
import { writeLmEvalFiles } from '../record/lm-eval/files.js'
import { lmEvalFiles } from '../record/lm-eval/lm-eval.js'
import type { RunDevice } from '../run/open-model.js'
import { FEWSHOT_SEED } from '../suites/fewshot.js'
import { lmEvalTask } from './lm-eval-task.js'
import { type PreparedRun, prepareRun, type RunOptions } from './prepare-run.js'
import type { PrepareHooks } from './prepare-tasks.js'
import { recordRun } from './record-run.js'
import { readEarlier } from './resume.js'
import { type RunHooks, runEval } from './run.js'

export interface EvaluateOptions extends RunOptions {
  /** A .json file or a folder; `results` when undefined. */
  output?: string
  logSamples: boolean
  /** Go on with what is at `output`, or start there. */
  resume: boolean
  /** Write lm-eval's files beside the record. */
  lmEval: boolean
  /** The arguments as typed. */
  command: readonly string[]
}

export interface EvaluateHooks extends PrepareHooks, Pick<RunHooks, 'onEvent' | 'signal'> {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: () => void
  /** From here on an interruption leaves a record. */
  onRunning?: () => void
  /** Told how many requests an earlier run has scored. */
  onResume?: (requests: number) => void
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export interface Evaluated {
  record: EvalRecord
  path: string
  /** lm-eval's results file, where it was asked for and the run is complete. */
  lmEval: string | null
}

export async function evaluate(options: EvaluateOptions, hooks: EvaluateHooks): Promise<Evaluated> {
  const { orStop, openDevice, onEvent, signal } = hooks
  const started = new Date()
  checkResume(options)
  // Tried before anything is fetched; the record's own name waits for what the checkpoint decides.
  const checked = await prepareOutput(options.output, 'record.json')
  let written = false
  try {
    const prepared = await orStop(prepareRun(options, hooks))
    hooks.onPrepared?.()
    const place = await prepareOutput(options.output, fileName(prepared, started))
    const earlier = options.resume ? await readEarlier(place.path) : null
    const { record: adapter, ...device } = await orStop(openDevice())
    const context = { environment: await collectEnvironment(adapter), started, command: options.command }
    hooks.onRunning?.()
    const keepsLogs = options.logSamples || options.resume || options.shard !== undefined
    const files = { place, earlier, keepsLogs, onResume: hooks.onResume, onWritten: () => (written = true) }
    const { record, lines } = await recordRun(prepared.tasks, files, ({ samplesName, earlier, ...writing }) =>
      runEval(prepared, device, { ...context, samplesName, earlier }, { onEvent, signal, ...writing }),
    )
    const complete = record.status === 'complete'
    const lmEval = options.lmEval && complete ? await writeLmEval(prepared, record, lines, place) : null
    return { record, path: place.path, lmEval }
  } finally {
    if (!written) await abandonOutput(checked)
  }
}

function checkResume({ resume, output }: EvaluateOptions): void {
  if (resume && !output?.endsWith('.json')) {
    throw new Failure('--resume: needs the record to go on with', {
      hint: 'name it with --output run.json, in the first run as well as in those that resume it',
    })
  }
}

/** Gives the results file; the samples lie beside it. */
async function writeLmEval(
  { tasks, tokenizer, options }: PreparedRun,
  record: EvalRecord,
  lines: ReadonlyMap<string, SampleLine[]>,
  place: OutputTarget,
): Promise<string> {
  const { prefixToken } = tokenizer
  const endOfText = { text: tokenizer.decode([prefixToken]), id: prefixToken }
  const inTheirs = tasks.map((task) => lmEvalTask(task, lines.get(task.suite.name) ?? []))
  const files = lmEvalFiles(record, inTheirs, {
    endOfText,
    fewshotSeed: options.numFewshot ? (options.fewshotSeed ?? FEWSHOT_SEED) : null,
  })
  return (await writeLmEvalFiles(dirname(place.path), record.model.id, files, new Date())).results
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
