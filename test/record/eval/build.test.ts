import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addScore, buildRecord, emptyCounts, identityOf, sparsityOf } from '../../../src/record/eval/build.js'
import { suiteFootprint } from '../../../src/record/footprint.js'
import { hellaswag, recordParts, wikitext } from '../fixture.js'

const test = suite('record builder')

test('lm-eval finds its keys', () => {
  const record = buildRecord(recordParts({ tasks: [hellaswag, wikitext] }))
  assert.is(record.results.hellaswag['acc,none'], 0.28924517)
  assert.is(record.results.hellaswag['acc_stderr,none'], 0.00452)
  assert.is(record.results.hellaswag['acc_norm,none'], 0.31139215)
  assert.is(record.results.wikitext['word_perplexity_stderr,none'], 'N/A')
  assert.equal(record['n-samples'].hellaswag, { original: 10042, effective: 200 })
  assert.equal(record.higher_is_better, {
    hellaswag: { acc: true, acc_norm: true },
    wikitext: { word_perplexity: false, bits_per_byte: false },
  })
  assert.equal(record.versions, { hellaswag: 1, wikitext: 2 })
  assert.equal(record['n-shot'], { hellaswag: 0, wikitext: 0 })
  assert.is(record.date, Date.UTC(2026, 0, 2, 3, 4, 5, 678) / 1000)
})

test('sparsity: pairs pooled over requests, then a mean over layers', () => {
  let counts = emptyCounts(2)
  // Three tokens have 3 pairs, five have 10: a mean of per-request shares would be 0.5 in the first layer.
  counts = addScore(counts, 3, { pairs: 3, removed: [3, 0], kept: [1, 3], peak: 4 })
  counts = addScore(counts, 5, { pairs: 10, removed: [0, 10], kept: [5, 1], peak: 6 })
  const peaks = { sum: 4 / 6 + 6 / 10, most: 4 / 6 }
  assert.equal(counts, { requests: 2, tokens: 8, pairs: 13, removed: [3, 10], kept: [6, 4], peaks })
  const { achieved, per_layer, kept_tokens } = sparsityOf(counts)
  assert.equal(per_layer, [3 / 13, 10 / 13])
  assert.is(achieved, (3 / 13 + 10 / 13) / 2)
  assert.equal(kept_tokens, { total: 8, per_layer: [6, 4] })
})

test('sparsity of requests with no pair is 0', () => {
  const { achieved, kv_footprint, kv_peak } = sparsityOf(
    addScore(emptyCounts(2), 1, { pairs: 0, removed: [0, 0], kept: [1, 1], peak: 2 }),
  )
  assert.equal([achieved, kv_footprint, kv_peak], [0, 1, 1])
})

test('the KV footprint counts the diagonal; peaks are a mean over requests, unknown if one is', () => {
  let counts = emptyCounts(2)
  counts = addScore(counts, 3, { pairs: 3, removed: [3, 0], kept: [1, 3], peak: 4 })
  counts = addScore(counts, 5, { pairs: 10, removed: [0, 10], kept: [5, 1], peak: 6 })
  const { achieved, pairs, kept_tokens, kv_footprint, kv_peak, kv_peak_max } = sparsityOf(counts)
  // 6 and 15 entries in each of two layers, 13 of them gone.
  assert.is(kv_footprint, (42 - 13) / 42)
  const relation = 1 - (achieved * pairs) / (pairs + kept_tokens.total)
  assert.ok(Math.abs((kv_footprint ?? 0) - relation) < 1e-15)
  assert.equal([kv_peak, kv_peak_max], [(4 / 6 + 6 / 10) / 2, 4 / 6])
  const older = addScore(counts, 3, { pairs: 3, removed: [0, 0], kept: [3, 3] })
  assert.equal([sparsityOf(older).kv_peak, sparsityOf(older).kv_peak_max], [null, null])
  assert.is(sparsityOf(older).kv_footprint, (54 - 13) / 54)
})

test('the footprint of a record that lacks it follows from what it has', () => {
  const { sparsity } = buildRecord(recordParts())
  const { kv_footprint: _, ...older } = sparsity
  assert.ok(Math.abs(suiteFootprint(older) - (sparsity.kv_footprint ?? 0)) < 1e-15)
})

test('the run pools its tasks by pairs', () => {
  const { sparsity, tasks, timing } = buildRecord(recordParts({ tasks: [hellaswag, wikitext] }))
  assert.is(sparsity.pairs, 144000000)
  assert.equal(sparsity.per_layer, [73100000 / 144000000, 87300000 / 144000000])
  assert.is(tasks.hellaswag.sparsity.achieved, 0.8)
  assert.is(timing.tokens_per_s, 360000 / 16)
})

test('identity follows data, requests, protocol and model, and nothing else', () => {
  const base = buildRecord(recordParts()).identity
  const other = buildRecord(
    recordParts({
      policy: { name: 'dense', parameters: {}, threshold_shift: null, calibration: null },
      seed: 7,
    }),
  )
  assert.is(other.identity, base)
  for (const part of ['data', 'requests', 'protocol'] as const) {
    const identity = { ...hellaswag.identity, [part]: '0'.repeat(64) }
    assert.is.not(buildRecord(recordParts({ tasks: [{ ...hellaswag, identity }] })).identity, base, part)
    assert.is.not(identityOf(identity), identityOf(hellaswag.identity), part)
  }
  const model = { ...recordParts().model, sha256: '0'.repeat(64) }
  assert.is.not(buildRecord(recordParts({ model })).identity, base)
})

test('a stopped run counts the documents it finished', () => {
  const record = buildRecord(
    recordParts({ status: 'incomplete', tasks: [{ ...hellaswag, documentsScored: 7 }] }),
  )
  assert.is(record.results.hellaswag.sample_len, 7)
  assert.is(record['n-samples'].hellaswag.effective, 7)
  assert.is(record.tasks.hellaswag.documents, 200)
  assert.is(record.tasks.hellaswag.documents_scored, 7)
})

test.run()
