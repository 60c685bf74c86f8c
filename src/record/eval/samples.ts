/**
 * The per-request log (`--log-samples`): JSON lines beside the record, appended in place as requests are scored.
 * Each line stands alone and the log holds all that metrics are computed from, so that a run can be resumed from its
 * log and shards merged from theirs. Each ends with a hash of itself, so that a figure that was changed is noticed. A killed run leaves at most one torn line, the last; readers drop it.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { EXIT, Failure } from '../../errors.js'
import { parseJson } from '../../json.js'
import { checkAgainst, type Fault } from '../io/json-schemas.js'
import type { OutputTarget } from '../io/store.js'
import { sha256 } from '../sha256.js'
import type { SampleLine } from './sample-schema.js'

/** Where the lines of one request come from; a Request and a Score of src/eval fit. */
export interface SampleParts {
  task: string
  document: { id: number; hash: string; requests: number; gold: number | null; cluster?: string }
  request: { doc: number; index: number; input: ArrayLike<number>; targets: ArrayLike<number> }
  score: {
    logprob: number
    greedy: boolean
    pairs: number
    removed: readonly number[]
    kept: readonly number[]
    peak?: number
  }
  units?: SampleLine['units']
  cell?: SampleLine['cell']
  metrics?: SampleLine['metrics']
}

export function sampleLine({
  task,
  document,
  request,
  score,
  units = {},
  cell,
  metrics,
}: SampleParts): SampleLine {
  return {
    task,
    row: request.doc,
    doc_id: document.id,
    doc_hash: document.hash,
    ...(document.cluster === undefined ? {} : { cluster: document.cluster }),
    index: request.index,
    of: document.requests,
    input_tokens: request.input.length,
    target_tokens: request.targets.length,
    logprob: score.logprob,
    greedy: score.greedy,
    pairs: score.pairs,
    removed: [...score.removed],
    kept: [...score.kept],
    ...(score.peak === undefined ? {} : { peak: score.peak }),
    gold: document.gold,
    units,
    ...(cell === undefined ? {} : { cell }),
    ...(metrics === undefined ? {} : { metrics }),
  }
}

/** Lines that the document of this line has: one a request, and one where there is nothing to ask. */
export function lineCount({ of }: Pick<SampleLine, 'of'>): number {
  return Math.max(1, of)
}

/** `<record without .json>.samples.<task>.jsonl`, beside the record. */
export function sampleLogPath(target: Pick<OutputTarget, 'path'>, task: string): string {
  return `${target.path.replace(/\.json$/, '')}.samples.${task.replace(/[^\w.+-]+/g, '_')}.jsonl`
}

export interface SampleLog {
  path: string
  /** Resolves when the lines have been handed to the operating system, so that killing asp cannot lose them. */
  append(lines: readonly SampleLine[]): Promise<void>
  close(): Promise<void>
}

/** Opens a log, emptied unless `keep` says how many of its bytes to continue after (`SampleLogContent.bytes`). */
export async function openSampleLog(path: string, { keep = 0 }: { keep?: number } = {}): Promise<SampleLog> {
  let file: FileHandle
  try {
    file = await open(path, 'a')
    await file.truncate(keep)
  } catch (cause) {
    throw unusable(path, 'opened', cause, EXIT.usage)
  }
  return {
    path,
    async append(lines) {
      if (lines.length === 0) return
      const text = lines.map((line) => `${JSON.stringify({ ...line, line_hash: hashOf(line) })}\n`).join('')
      try {
        await file.appendFile(text)
      } catch (cause) {
        throw unusable(path, 'written', cause, EXIT.failed)
      }
    },
    async close() {
      await file.sync().catch(() => undefined)
      await file.close()
    },
  }
}

export interface SampleLogContent {
  lines: SampleLine[]
  /** Length of the whole lines; what follows is a torn one. */
  bytes: number
  /** Length of the log up to and with each line. */
  ends: number[]
}

/** Reads a log back. A last line without its newline is dropped; a bad line before it is a Failure with its number. */
export async function readSampleLog(path: string): Promise<SampleLogContent> {
  let content: Buffer
  try {
    content = await readFile(path)
  } catch (cause) {
    throw unusable(path, 'read', cause, EXIT.usage)
  }
  const check = await checkAgainst('asp.sample-1.schema.json')
  const ends: number[] = []
  for (let at = content.indexOf(0x0a); at >= 0; at = content.indexOf(0x0a, at + 1)) ends.push(at + 1)
  // A log that an older asp began has lines without hashes, before all that have one.
  let isHashed = false
  const lines = ends.map((end, i) => {
    const row = content.subarray(i === 0 ? 0 : ends[i - 1], end - 1).toString('utf8')
    const { line, hash } = parseLine(row, `${path}: line ${i + 1}`, check)
    if (hash === undefined ? isHashed : hash !== hashOf(line))
      throw changed(`${path}: line ${i + 1} is not as it was written, its line_hash is another`)
    isHashed = hash !== undefined
    return line
  })
  return { lines, bytes: ends.at(-1) ?? 0, ends }
}

interface ParsedLine {
  line: SampleLine
  hash: string | undefined
}

function parseLine(row: string, subject: string, check: (value: unknown) => Fault | null): ParsedLine {
  let value: unknown
  try {
    value = parseJson(row)
  } catch {
    // Undefined is reported below, like any other line that is no sample.
  }
  const fault = value === undefined ? { path: '', wrong: 'not JSON' } : check(value)
  if (fault !== null)
    throw changed(`${subject} is not a scored request: ${`${fault.path} ${fault.wrong}`.trim()}`)
  const { line_hash: hash, ...line } = value as SampleLine & { line_hash?: string }
  return { line, hash }
}

const hashOf = (line: SampleLine): string => sha256(JSON.stringify(line)).slice(0, HASH_DIGITS)

const HASH_DIGITS = 16

const changed = (message: string): Failure =>
  new Failure(message, { hint: 'the log was changed after it was written; score again into a new one' })

function unusable(path: string, what: string, cause: unknown, exit: number): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Failure(`${path}: the sample log cannot be ${what} (${reason})`, { exit, cause })
}
