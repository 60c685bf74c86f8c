/** `asp eval` without its command: prepare, continue what is there, run, write. */
import { dirname } from 'node:path'
import { Failure } from '../errors.js'
import { requestedSparsity } from '../pruning/level.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { sampleLogPath } from '../record/eval/samples.js'
import type { EvalRecord } from '../record/eval/schema.js'
import type { OutputTarget } from '../record/io/store.js'
import { EVAL_SCHEMA } from '../record/kinds.js'
import { writeLmEvalFiles } from '../record/lm-eval/files.js'
import { lmEvalFiles } from '../record/lm-eval/lm-eval.js'
import { checkThere, type IfThere, ifThereOf, SAMPLE_LOG } from '../run/existing.js'
import type { FlowHooks } from '../run/flow.js'
import { checkResumable, recordedRun } from '../run/recorded.js'
import { FEWSHOT_SEED } from '../suites/fewshot.js'
import type { Task } from '../suites/task.js'
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
  /** Continue what is at `output`, or start there. */
  resume: boolean
  /** Replace what is at `output`. */
  overwrite?: boolean
  /** Write lm-eval's files beside the record. */
  lmEval: boolean
  /** The arguments as typed. */
  command: readonly string[]
}

export interface EvaluateHooks
  extends FlowHooks<PreparedRun>,
    PrepareHooks,
    Pick<RunHooks, 'onProgress' | 'signal'> {
  /** Told how many requests an earlier run has scored. */
  onResume?: (requests: number) => void
}

export interface Evaluated {
  record: EvalRecord
  path: string
  /** lm-eval's results file, where it was asked for and the run is complete. */
  lmEval: string | null
}

export async function evaluate(options: EvaluateOptions, hooks: EvaluateHooks): Promise<Evaluated> {
  const { command, output, resume, shard } = options
  const ifThere = ifThereOf(options)
  if (resume) checkResumable(output, 'run.json')
  const keepsLogs = options.logSamples || resume || shard !== undefined
  return recordedRun(
    {
      output,
      schema: EVAL_SCHEMA,
      ifThere,
      resumable: true,
      prepare: () => prepareRun(options, hooks),
      name: ({ tasks, model, level }) => ({
        suites: tasks.map(({ suite }) => suite.name),
        model: model.id,
        policy: level.policy,
        sparsity: requestedSparsity(level),
        shard,
      }),
      earlier: async (place, { tasks }) => {
        const earlier = resume ? await readEarlier(place.path) : null
        if (keepsLogs && earlier === null) await checkLogs(tasks, place, ifThere)
        return earlier
      },
      run: async (prepared, device, { place, earlier, begin, write, ...context }) => {
        const files = { place, earlier, keepsLogs, onResume: hooks.onResume, begin, write }
        const { record, lines } = await recordRun(
          prepared.tasks,
          files,
          ({ samplesName, earlier, ...writing }) =>
            runEval(
              prepared,
              device,
              { ...context, command, samplesName, earlier },
              { ...hooks, ...writing },
            ),
        )
        const complete = record.status === 'complete'
        if (!options.lmEval || !complete) return { record, lmEval: null }
        const lmEval = await writeLmEval(prepared, record, lines, place).catch((cause: unknown) => {
          if (!(cause instanceof Failure)) throw cause
          hooks.onUnwritten?.(cause)
          return null
        })
        return { record, lmEval }
      },
    },
    hooks,
  )
}

/** Logs of a run whose record is gone are not gone on with: nothing says what they are of. */
async function checkLogs(tasks: readonly Task[], place: OutputTarget, ifThere: IfThere): Promise<void> {
  const strict = ifThere === 'resume' ? 'refuse' : ifThere
  for (const { suite } of tasks)
    await checkThere(sampleLogPath(place, suite.name), { kind: SAMPLE_LOG, ifThere: strict })
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
