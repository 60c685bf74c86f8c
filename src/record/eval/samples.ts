/**
 * The per-request log (`--log-samples`): JSON lines beside the record, appended in place as requests are scored.
 * Each line stands alone and the log holds all that metrics are computed from, so that a run can be resumed from its
 * log and shards merged from theirs. A killed run leaves at most one torn line, the last; readers drop it.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { EXIT, Failure } from '../../errors.js'
import type { OutputTarget } from '../io/store.js'

/** One scored request. Lines come in the order of scoring, which is not the order of documents. */
export interface SampleLine {
  task: string
  /** The document's place among those of the run, from 0: the order figures are summed in. */
  row: number
  /** Position of the document in the full split, as in lm-eval. */
  doc_id: number
  /** SHA-256 of the document. */
  doc_hash: string
  /** This request among the `of` requests of its document: the choice, or the rolling window. */
  index: number
  of: number
  input_tokens: number
  target_tokens: number
  /** Sum of natural-log probabilities of the targets. */
  logprob: number
  greedy: boolean
  /** Causal pairs with key < query, and those removed per layer. */
  pairs: number
  removed: number[]
  /** Keys alive after the last row, per layer. */
  kept: number[]
  /** Index of the right choice; null where there are no choices. */
  gold: number | null
  /** What metrics divide by (docs/lm-eval.md, Metrics): of the choice in `chars`, of the whole document in `words` and `bytes`. */
  units: { chars?: number; words?: number; bytes?: number }
  /** Metric values of the document, on the line that completes it. */
  metrics?: Record<string, number | number[]>
}

/** Where the lines of one request come from; a Request and a Score of src/eval fit. */
export interface SampleParts {
  task: string
  document: { id: number; hash: string; requests: number; gold: number | null }
  request: { doc: number; index: number; input: ArrayLike<number>; targets: ArrayLike<number> }
  score: {
    logprob: number
    greedy: boolean
    pairs: number
    removed: readonly number[]
    kept: readonly number[]
  }
  units?: SampleLine['units']
  metrics?: SampleLine['metrics']
}

export function sampleLine({ task, document, request, score, units = {}, metrics }: SampleParts): SampleLine {
  return {
    task,
    row: request.doc,
    doc_id: document.id,
    doc_hash: document.hash,
    index: request.index,
    of: document.requests,
    input_tokens: request.input.length,
    target_tokens: request.targets.length,
    logprob: score.logprob,
    greedy: score.greedy,
    pairs: score.pairs,
    removed: [...score.removed],
    kept: [...score.kept],
    gold: document.gold,
    units,
    ...(metrics === undefined ? {} : { metrics }),
  }
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
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
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
  const ends: number[] = []
  for (let at = content.indexOf(0x0a); at >= 0; at = content.indexOf(0x0a, at + 1)) ends.push(at + 1)
  const lines = ends.map((end, i) => {
    const row = content.subarray(i === 0 ? 0 : ends[i - 1], end - 1).toString('utf8')
    return parseLine(row, path, i + 1)
  })
  return { lines, bytes: ends.at(-1) ?? 0, ends }
}

function parseLine(row: string, path: string, number: number): SampleLine {
  let value: unknown = null
  try {
    value = JSON.parse(row)
  } catch {
    // Reported below, like any other line that is no sample.
  }
  const isSample =
    typeof value === 'object' && value !== null && 'doc_id' in value && 'index' in value && 'logprob' in value
  if (!isSample) {
    throw new Failure(`${path}: line ${number} is not a scored request`, {
      hint: 'the log was changed after it was written; score again into a new one',
    })
  }
  return value as SampleLine
}

function unusable(path: string, what: string, cause: unknown, exit: number): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Failure(`${path}: the sample log cannot be ${what} (${reason})`, { exit, cause })
}
