/**
 * Sample lines -> counts and metric values. Every record is computed from its lines alone, whether they were scored
 * just now, read back after an interruption or gathered from shards: that is what makes the three agree to the bit.
 */
import { addScore, emptyCounts, type MetricValue, type ScoreCounts } from '../record/eval/build.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { lineCount } from '../record/eval/samples.js'
import type { PerDocumentRecord } from '../record/eval/schema.js'
import { mean } from '../stats/basics.js'
import { clusteredStandardError, sharedClusters } from '../stats/clusters.js'
import {
  aggregate,
  type Bootstrapped,
  type DocumentMetrics,
  documentMetrics,
  higherIsBetter,
  isMean,
  type Measured,
} from '../suites/metrics.js'
import { perDocumentRecord } from './per-document.js'

/** What the lines of a task come to. */
export interface Tally {
  counts: ScoreCounts
  /** Of the documents that all lines are there of, in the order of the run's documents. */
  documents: DocumentMetrics[]
  /** The same documents, as the record keeps them. */
  perDocument: PerDocumentRecord
  /** Mean over these of one by their choices; null where there are none to choose from. */
  chance: number | null
  /** Those documents' places among the run's documents. */
  rows: Set<number>
}

export function tally(suite: Measured, lines: readonly SampleLine[], layers: number): Tally {
  const byDocument = new Map<number, SampleLine[]>()
  for (const line of lines) {
    const document = byDocument.get(line.row)
    if (document === undefined) byDocument.set(line.row, [line])
    else document.push(line)
  }
  let counts = emptyCounts(layers)
  const whole: SampleLine[][] = []
  const rows = new Set<number>()
  for (const row of [...byDocument.keys()].sort((a, b) => a - b)) {
    const document = (byDocument.get(row) ?? []).sort((a, b) => a.index - b.index)
    if (document.length < lineCount(document[0])) continue
    rows.add(row)
    whole.push(document)
    if (document[0].of === 0) continue
    for (const line of document) counts = addScore(counts, line.input_tokens, line)
  }
  const documents = whole.map((document) => documentMetrics(suite, answerOf(document), document))
  const perDocument = perDocumentRecord(suite, whole, documents)
  const isChoice = suite.output === 'multiple_choice' && whole.length > 0
  const chance = isChoice ? mean(whole.map((lines) => 1 / lines.length)) : null
  return { counts, documents, perDocument, chance, rows }
}

function answerOf(lines: readonly SampleLine[]) {
  const [{ gold, units }] = lines
  const { words, bytes } = units
  return {
    gold,
    choiceLengths: lines.map(({ units: { chars } }) => chars ?? 0),
    choiceTokens: lines.map(({ target_tokens }) => target_tokens),
    counts: words === undefined || bytes === undefined ? null : { words, bytes },
  }
}

/** Values and standard errors over documents in their order, as the record wants them. */
export function metricValues(
  suite: Measured,
  { documents, perDocument }: Pick<Tally, 'documents' | 'perDocument'>,
  bootstrapped: Bootstrapped = {},
): MetricValue[] {
  const clusters = sharedClusters(perDocument.cluster ?? [])
  const figures = aggregate(suite, documents, { bootstrapped })
  const better = higherIsBetter(suite)
  return suite.metrics.map((name) => {
    const [value, stderr] = [figures[`${name},none`], figures[`${name}_stderr,none`]]
    return {
      name,
      value: typeof value === 'number' ? value : Number.NaN,
      stderr: typeof stderr === 'number' ? stderr : null,
      ...(clusters && isMean(name)
        ? {
            clustered: clusteredStandardError(
              documents.map((one) => one[name] as number),
              clusters,
            ),
          }
        : {}),
      higherIsBetter: better[name],
    }
  })
}
