/** What a sample log may hold: whole documents, each once, of the task and the run that it is of. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkDocuments, checkRequests, wholeLines } from '../../src/eval/logged.js'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'
import type { Task } from '../../src/suites/task.js'

const test = suite('lines of a log')

const line = (row: number, index: number, change: Partial<SampleLine> = {}): SampleLine => ({
  task: 'copa',
  row,
  doc_id: 10 + row,
  doc_hash: `hash ${row}`,
  index,
  of: 2,
  input_tokens: 5,
  target_tokens: 1,
  logprob: -1,
  greedy: false,
  pairs: 10,
  removed: [0],
  kept: [5],
  gold: 0,
  units: {},
  ...change,
})
const whole = [line(0, 0), line(0, 1), line(2, 0), line(2, 1)]

test('whole documents in any order are taken', () => {
  checkRequests('a.jsonl', 'copa', whole)
  assert.is(wholeLines('a.jsonl', whole), 4)
  assert.is(wholeLines('a.jsonl', []), 0)
})

test('a document without requests has one line', () => {
  const lines = [line(0, 0, { of: 0 }), ...whole.slice(2)]
  checkRequests('a.jsonl', 'copa', lines)
  assert.is(wholeLines('a.jsonl', lines), 3)
  assert.throws(() => checkRequests('a.jsonl', 'copa', [lines[0], lines[0]]), /there already/)
})

test('the last document may be torn', () => {
  assert.is(wholeLines('a.jsonl', whole.slice(0, 3)), 2)
  assert.is(wholeLines('a.jsonl', whole.slice(0, 1)), 0)
})

test('one before it may not', () => {
  const torn = [line(0, 0), line(2, 0), line(2, 1)]
  assert.throws(() => wholeLines('a.jsonl', torn), /line 2 is of another document, the one before has 1 of 2/)
})

const refused: [string, SampleLine[], RegExp][] = [
  ['a request twice', [...whole, line(0, 1)], /^a\.jsonl: line 5 .* a request that is there already/],
  ['a document twice', [...whole, ...whole.slice(2)], /line 5 .* there already/],
  ['another task', [...whole, line(3, 0, { task: 'piqa' })], /line 5 .* of piqa/],
  ['a request beyond its document', [line(0, 2)], /line 1 .* request 2 of 2/],
]
for (const [title, lines, expected] of refused)
  test(`${title} is refused`, () => assert.throws(() => checkRequests('a.jsonl', 'copa', lines), expected))

const TASK = {
  suite: { name: 'copa' },
  examples: [0, 1, 2].map((row) => ({ docId: 10 + row })),
  documentHashes: ['hash 0', 'hash 1', 'hash 2'],
  requestCounts: [2, 2, 2],
} as unknown as Task

test('documents are those of the run', () => {
  checkDocuments(TASK, new Set([0, 2]), whole)
  const others: [ReadonlySet<number>, SampleLine[]][] = [
    [new Set([0, 1]), whole],
    [new Set([0, 2, 7]), [line(7, 0)]],
    [new Set([0, 2]), [line(0, 0, { doc_id: 11 })]],
    [new Set([0, 2]), [line(0, 0, { doc_hash: 'another' })]],
    [new Set([0, 2]), [line(0, 0, { of: 3 })]],
  ]
  for (const [chosen, lines] of others)
    assert.throws(() => checkDocuments(TASK, chosen, lines), /log of copa has document \d+, which is none of/)
})

test.run()
