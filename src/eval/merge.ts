/** Records of shards -> the record of the whole run, every figure computed anew from their sample lines. */
import { basename, dirname, join } from 'node:path'
import { Failure } from '../errors.js'
import { buildRecord, groupPartsOf, type TaskParts } from '../record/eval/build.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { lineCount, readSampleLog } from '../record/eval/samples.js'
import type { EvalRecord, TaskRecord } from '../record/eval/schema.js'
import { readRecord } from '../record/io/read.js'
import { EVAL_SCHEMA } from '../record/kinds.js'
import { firstDifference, SAME_EVAL } from '../record/same-run.js'
import type { MetricName } from '../suites/metrics.js'
import { bootstrapLong } from './bootstrap.js'
import { checkRequests } from './logged.js'
import { metricValues, tally } from './tally.js'

export interface ShardPart {
  path: string
  record: EvalRecord
  /** Sample lines by task. */
  lines: Map<string, SampleLine[]>
}

export interface Merged {
  record: EvalRecord
  /** Lines of all shards by task, in the order of the documents. */
  lines: Map<string, SampleLine[]>
}

/** Reads a shard's record and the sample logs beside it. */
export async function readShard(path: string): Promise<ShardPart> {
  const record = await readRecord(path, [EVAL_SCHEMA])
  const lines = new Map<string, SampleLine[]>()
  for (const [task, { samples }] of Object.entries(record.tasks)) {
    if (samples === null) {
      throw new Failure(`${path}: has no sample log of ${task} to merge from`, {
        hint: 'score the shard again with --shard, which keeps one',
      })
    }
    const log = join(dirname(path), basename(samples))
    const { lines: logged } = await readSampleLog(log)
    checkRequests(log, task, logged)
    lines.set(task, logged)
  }
  return { path, record, lines }
}

/**
 * Reads and writes nothing. Throws a Failure unless the shards are all there, each once and complete, of one run, and hold every
 * document exactly once. `command` and `samplesName` go into the record.
 */
export async function mergeShards(
  parts: readonly ShardPart[],
  command: readonly string[],
  samplesName: (task: string) => string,
): Promise<Merged> {
  const ordered = inOrder(parts)
  const [{ record: first }] = ordered
  const records = ordered.map(({ record }) => record)
  const lines = new Map<string, SampleLine[]>()
  const tasks: TaskParts[] = []
  for (const [name, task] of Object.entries(first.tasks)) {
    const all = ordered.flatMap((part) => part.lines.get(name) ?? [])
    const sorted = all.sort((a, b) => a.row - b.row || a.index - b.index)
    checkDocuments(name, task, sorted)
    lines.set(name, sorted)
    const metrics = Object.keys(first.higher_is_better[name]) as MetricName[]
    const suite = { output: task.suite.output, metrics }
    const tallied = tally(suite, sorted, first.model.config.n_layer)
    const { counts, documents, perDocument, chance } = tallied
    tasks.push({
      name,
      alias: first.results[name].alias,
      version: task.suite.version,
      protocol: task.suite.protocol,
      output: task.suite.output,
      shots: first['n-shot'][name],
      metrics: metricValues(suite, tallied, await bootstrapLong(suite, documents)),
      data: task.data,
      policy: task.policy,
      documents: task.documents,
      documentsScored: documents.length,
      counts,
      chance,
      tokensRun: total(records, (record) => record.tasks[name].tokens_run),
      perDocument,
      identity: task.identity_parts,
      samples: samplesName(name),
      reference: task.reference,
    })
  }
  const score = total(records, ({ timing }) => timing.score_s)
  const record = buildRecord({
    status: 'complete',
    started: new Date(1000 * Math.min(...records.map(({ date }) => date))),
    model: first.model,
    policy: first.policy,
    requested: first.sparsity.requested,
    calibrated: first.calibrated,
    environment: first.environment,
    // Machine seconds: what the shards took together.
    seconds: {
      load: total(records, ({ timing }) => timing.load_s),
      calibrate: total(records, ({ timing }) => timing.calibrate_s),
      score,
      busy: records.some(({ timing }) => timing.adapter_busy === null)
        ? null
        : total(records, ({ timing }) => (timing.adapter_busy ?? 0) * timing.score_s),
      total: total(records, ({ timing }) => timing.total_s),
    },
    memory: {
      peak: Math.max(...records.map(({ memory }) => memory.peak_bytes)),
      byPurpose: largest(records.map(({ memory }) => memory.peak_by_purpose)),
      hostRss: Math.max(...records.map(({ memory }) => memory.host_rss_bytes)),
    },
    tasks,
    groups: groupPartsOf(first),
    shard: null,
    seed: first.seed,
    limit: first.limit,
    batchTokens: first.batch_tokens,
    command,
  })
  return { record, lines }
}

function inOrder(parts: readonly ShardPart[]): ShardPart[] {
  if (parts.length === 0)
    throw new Failure('merge: no records given', { hint: 'name the records of all shards' })
  const [first] = parts
  for (const { path, record } of parts) {
    if (record.shard === null) {
      throw new Failure(`${path}: is not the record of a shard`, {
        hint: 'merge records made with --shard i/n',
      })
    }
    if (record.status !== 'complete') {
      throw new Failure(`${path}: shard ${record.shard.index} is incomplete`, {
        hint: 'finish it with --resume, then merge',
      })
    }
    const field = firstDifference(SAME_EVAL, first.record, record)
    if (field !== null) {
      const [a, b] = [first.record, record].map((one) => JSON.stringify(field.of(one)))
      throw new Failure(`${path}: ${field.name} differs from ${first.path}, ${b} against ${a}`, {
        hint: 'shards must be scored by the same command; give all of them the same --shift',
      })
    }
  }
  const count = first.record.shard?.count ?? 0
  const ordered: ShardPart[] = []
  for (const part of parts) {
    const { index, count: own } = part.record.shard ?? { index: 0, count: 0 }
    if (own !== count) {
      throw new Failure(`${part.path}: is one of ${own} shards, ${first.path} one of ${count}`, {
        hint: 'merge the shards of one run',
      })
    }
    if (ordered[index - 1] !== undefined) {
      throw new Failure(`${part.path}: shard ${index} is there already, in ${ordered[index - 1].path}`, {
        hint: 'name each shard once',
      })
    }
    ordered[index - 1] = part
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((i) => ordered[i - 1] === undefined)
  if (missing.length > 0) {
    const which = missing.length === 1 ? `shard ${missing[0]}` : `shards ${missing.join(', ')}`
    throw new Failure(`merge: ${which} of ${count} ${missing.length === 1 ? 'is' : 'are'} missing`, {
      hint: 'name the records of all shards',
    })
  }
  return ordered
}

/** Every document once, with all its requests. `lines` are in document order. */
function checkDocuments(name: string, { documents }: TaskRecord, lines: readonly SampleLine[]): void {
  const requests = new Map<number, number>()
  for (const { row } of lines) requests.set(row, (requests.get(row) ?? 0) + 1)
  const bad = lines.find((line) => requests.get(line.row) !== lineCount(line))
  if (bad !== undefined) {
    const had = requests.get(bad.row)
    throw new Failure(`merge: ${name}: document ${bad.doc_id} has ${had} requests, must have ${bad.of}`, {
      hint: 'a sample log is damaged or named twice; score that shard again',
    })
  }
  if (requests.size !== documents) {
    throw new Failure(`merge: ${name}: ${requests.size} of ${documents} documents are there`, {
      hint: 'a sample log is damaged; score its shard again',
    })
  }
}

function total(records: readonly EvalRecord[], of: (record: EvalRecord) => number): number {
  return records.reduce((sum, record) => sum + of(record), 0)
}

function largest(all: readonly Record<string, number>[]): Record<string, number> {
  const purposes = new Set(all.flatMap((one) => Object.keys(one)))
  return Object.fromEntries(
    [...purposes].map((name) => [name, Math.max(...all.map((one) => one[name] ?? 0))]),
  )
}
