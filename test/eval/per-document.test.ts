/** Columns of documents that stand in a grid: what was removed of the request with the right candidate, and what that left. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { perDocumentRecord } from '../../src/eval/per-document.js'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'

const test = suite('columns of documents')

const line = (changes: Partial<SampleLine>): SampleLine => ({
  task: 'recall_passkey',
  row: 0,
  doc_id: 0,
  doc_hash: 'a'.repeat(64),
  index: 0,
  of: 2,
  input_tokens: 4,
  target_tokens: 1,
  logprob: -1,
  greedy: false,
  pairs: 6,
  removed: [3, 1],
  kept: [2, 3],
  peak: 5,
  gold: 1,
  units: {},
  cell: { depth: 0.5 },
  ...changes,
})
const lines = (changes: Partial<SampleLine>): SampleLine[] => [
  line({ removed: [0, 0], peak: 8 }),
  line({ index: 1, ...changes }),
]

test('sparsity, footprint and peak are those of the right candidate', () => {
  const suiteOf = { output: 'multiple_choice', metrics: ['acc', 'margin'] } as const
  const metrics = [{ acc: 1, margin: 0.5 }]
  const { recall } = perDocumentRecord(suiteOf, [lines({})], metrics)
  // Of 6 pairs and 10 entries in each of two layers; 5 of 8 entries at the peak.
  assert.equal(recall?.sparsity, [2 / 6])
  assert.equal(recall?.kv_footprint, [16 / 20])
  assert.equal(recall?.kv_peak, [5 / 8])
  const older = perDocumentRecord(suiteOf, [lines({ peak: undefined })], metrics)
  assert.equal(older.recall?.kv_footprint, [16 / 20])
  assert.not.ok('kv_peak' in (older.recall ?? {}))
})

test.run()
