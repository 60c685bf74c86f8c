import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { checkChoice, chooseRows, parseSamples } from '../../src/suites/selection.js'

const test = suite('choice of documents')
const folder = mkdtempSync(join(tmpdir(), 'asp-samples-'))
const file = join(folder, 'ids.json')
writeFileSync(file, '{"piqa": [4, 0]}')

const LIMITS: [limit: number | undefined, kept: number][] = [
  [undefined, 7],
  [3, 3],
  [3.9, 3],
  [99, 7],
  [1, 1],
  [0.5, 4],
  [0.0001, 1],
]
for (const [limit, kept] of LIMITS)
  test(`limit ${limit} of 7`, () => {
    const seven = Array.from({ length: 7 }, (_, i) => ({ value: {}, line: i + 1 }))
    assert.is(chooseRows('piqa', seven, { limit }).length, kept)
    // A fraction is of all, also where only the first were read.
    assert.is(chooseRows('piqa', seven.slice(0, kept), { limit, total: 7 }).length, kept)
  })

/** A half of a split: positions in the full split are the rows' own. */
const rows = [0, 2, 4, 6].map((idx, i) => ({ value: { idx }, line: i + 1 }))
const ids = (samples: Record<string, number[]>) =>
  chooseRows('piqa', rows, { samples }).map(({ docId }) => docId)

test('true positions, in the order of the split, each once', () => {
  assert.equal(ids({ piqa: [6, 0, 6] }), [0, 6])
  assert.equal(ids({ copa: [1] }), [0, 2, 4, 6])
  const plain = rows.map(({ line }) => ({ value: {}, line }))
  assert.equal(
    chooseRows('piqa', plain, { samples: { piqa: [3] } }).map(({ docId }) => docId),
    [3],
  )
})

test('JSON or a file', () => {
  assert.equal(parseSamples(' {"piqa": [1]}'), { piqa: [1] })
  assert.equal(parseSamples(file), { piqa: [4, 0] })
})

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof Failure && message.test(error.message) && error.exit === 2 && error.hint !== undefined

const BAD: [given: string, message: RegExp][] = [
  ['{"piqa": 3}', /piqa: must be a list of positions, got 3/],
  ['{"piqa": []}', /piqa: must be a list of positions, got \[\]/],
  ['{"piqa": [1, -2]}', /piqa: must be whole numbers from 0, got -2/],
  ['{"piqa": [1.5]}', /got 1\.5/],
  ['{}', /must be an object/],
  ['{"piqa"', /not valid JSON/],
  ['./no-such.json', /neither JSON nor a file/],
]
for (const [given, message] of BAD)
  test(`refuses ${given}`, () => assert.throws(() => parseSamples(given), refused(message)))

test('a position that was not loaded, a suite that is not run, and --limit beside --samples', () => {
  assert.throws(() => ids({ piqa: [0, 3] }), refused(/piqa has no document 3 among the 4/))
  assert.throws(
    () => checkChoice({ samples: { pika: [1] } }, ['piqa']),
    refused(/'pika' is not among the suites/),
  )
  assert.throws(
    () => checkChoice({ samples: { piqa: [1] }, limit: 2 }, ['piqa']),
    refused(/--samples and --limit/),
  )
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
