/** Sample lines of whole documents -> the record's columns, from which records are compared document by document. Pure. */
import type { SampleLine } from '../record/eval/sample-schema.js'
import type { PerDocumentRecord } from '../record/eval/schema.js'
import { footprintOf, peakOf } from '../record/footprint.js'
import { sum } from '../stats/basics.js'
import { type DocumentMetrics, isVerdict, type Measured } from '../suites/metrics.js'

/** Hex digits that name a document or a cluster: of 100,000 documents two share 16 with a chance of 3e-10. */
export const HASH_DIGITS = 16

/** `documents` are lines of one document each, in the order of its requests; `metrics` are of the same documents. */
export function perDocumentRecord(
  suite: Measured,
  documents: readonly (readonly SampleLine[])[],
  metrics: readonly DocumentMetrics[],
): PerDocumentRecord {
  const means = suite.metrics.filter(isVerdict)
  const rolling = suite.output === 'loglikelihood_rolling'
  const clusters = documents.map(([{ cluster }]) => cluster ?? null)
  return {
    hash: documents.map(([{ doc_hash }]) => doc_hash.slice(0, HASH_DIGITS)),
    doc_id: documents.map(([{ doc_id }]) => doc_id),
    ...(clusters.some((cluster) => cluster !== null) ? { cluster: clusters } : {}),
    metrics: Object.fromEntries(means.map((name) => [name, metrics.map((values) => values[name] as number)])),
    logprob: documents.map(documentLogprob),
    ...recallOf(documents, metrics),
    units: rolling
      ? {
          words: documents.map(([{ units }]) => units.words ?? 0),
          bytes: documents.map(([{ units }]) => units.bytes ?? 0),
        }
      : null,
  }
}

/** Of the right choice where there are choices, else of all requests: the target, or the windows of a text. */
function documentLogprob(lines: readonly SampleLine[]): number {
  const { gold } = lines[0]
  return gold === null ? sum(lines.map(({ logprob }) => logprob)) : lines[gold].logprob
}

/** Columns of documents that stand in a grid; nothing of others. */
function recallOf(
  documents: readonly (readonly SampleLine[])[],
  metrics: readonly DocumentMetrics[],
): Pick<PerDocumentRecord, 'recall'> {
  const cells = documents.map(([{ cell }]) => cell ?? {})
  const axes = Object.keys(cells[0] ?? {})
  if (axes.length === 0) return {}
  const rights = documents.map((lines) => lines[lines[0].gold ?? 0])
  const peaks = rights.map(peakShare)
  return {
    recall: {
      cells: Object.fromEntries(axes.map((axis) => [axis, cells.map((cell) => cell[axis])])),
      choices: documents.map((lines) => lines.length),
      margin: metrics.map(({ margin }) => margin as number),
      sparsity: rights.map(sparsityOf),
      kv_footprint: rights.map(footprint),
      ...(peaks.every((peak) => peak !== null) ? { kv_peak: peaks } : {}),
    },
  }
}

const sparsityOf = ({ pairs, removed }: SampleLine): number =>
  pairs === 0 ? 0 : sum(removed) / removed.length / pairs

const footprint = ({ pairs, input_tokens: tokens, removed }: SampleLine): number =>
  footprintOf({ removed: sum(removed), layers: removed.length, pairs, tokens })

const peakShare = ({ peak, removed, input_tokens: tokens }: SampleLine): number | null =>
  peak === undefined ? null : peakOf(peak, removed.length, tokens).most
