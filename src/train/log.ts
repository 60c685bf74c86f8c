/**
 * The log of a run: JSON lines, the run first, then a line a step and a line an evaluation, each on its way to the disk
 * before the next step. A resumed run cuts off what came after its checkpoint, so that the log of a run that was
 * stopped and continued is that of one that never was, but for the times.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile, writeFailure, writeText } from '../data/durable-files.js'
import { isObject } from '../data/json-file.js'
import { parseJson } from '../json.js'
import { type LogLineCheck, logLineCheck } from '../record/io/log-lines.js'
import { TRAIN_LOG_SCHEMA } from '../record/kinds.js'
import type { EvalLine, LogLine, RunLine, StepLine } from '../record/train/schema.js'

export interface TrainLog {
  path: string
  /** The first line: of the command that a run which went on began with. */
  head: RunLine
  /** What was kept of an earlier part of the run, and all that was appended since. */
  steps: StepLine[]
  evaluations: EvalLine[]
  append(line: StepLine | EvalLine): Promise<void>
  /** Waits until the disk has every line. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const logPath = (run: string): string => join(run, 'train-log.jsonl')

/**
 * Opens the log of a run for its steps from `step` on.
 * @throws Failure (exit 1) when the disk does not take it
 */
export async function openLog(run: string, head: RunLine, step: number): Promise<TrainLog> {
  const path = logPath(run)
  const text = step === 0 ? '' : await readFile(path, 'utf8').catch(() => '')
  const lines = keptLines(text, step, await logLineCheck())
  const [first] = lines
  const begun = first?.kind === 'run' ? first : head
  const kept: LogLine[] = begun === first ? lines : [begun, ...lines]
  const fresh = kept.map((line) => `${JSON.stringify(line)}\n`).join('')
  let handle: FileHandle
  try {
    if (fresh !== text) await replaceFile(path, (to) => writeText(to, fresh))
    handle = await open(path, 'a')
  } catch (cause) {
    throw writeFailure(path, cause, 'the last checkpoint is kept')
  }
  const steps = kept.filter((line) => line.kind === 'step')
  const evaluations = kept.filter((line) => line.kind === 'eval')
  const guarded = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((cause: unknown) => {
      throw writeFailure(path, cause, 'the last checkpoint is kept, --resume continues from it')
    })
  }
  return {
    path,
    head: begun,
    steps,
    evaluations,
    async append(line) {
      await guarded(handle.appendFile(`${JSON.stringify(line)}\n`))
      if (line.kind === 'step') steps.push(line)
      else evaluations.push(line)
    },
    sync: () => guarded(handle.sync()),
    close: () => handle.close(),
  }
}

/**
 * The lines of a log up to `step` taken steps. The last line may have been cut in the middle, and others may be damaged: what is no
 * whole line is left out, as the record of the run is made of the lines.
 */
export function keptLines(text: string, step: number, check: LogLineCheck): LogLine[] {
  const kept: LogLine[] = []
  for (const line of text.split('\n')) {
    const value = parseLine(line)
    if (value === null || check(value.kind, value) !== null) continue
    if (value.kind === 'run' ? kept.length === 0 : value.step <= step) kept.push(value)
  }
  return kept
}

function parseLine(text: string): LogLine | null {
  try {
    const value: unknown = parseJson(text)
    if (!isObject(value)) return null
    if (value.kind === 'run') return value.schema === TRAIN_LOG_SCHEMA ? (value as unknown as RunLine) : null
    const isLine = (value.kind === 'step' || value.kind === 'eval') && typeof value.step === 'number'
    return isLine ? (value as unknown as StepLine | EvalLine) : null
  } catch {
    return null
  }
}
