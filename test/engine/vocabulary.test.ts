import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LOGIT_ROWS } from '../../src/engine/gpt2/activations.js'
import { logitParts } from '../../src/engine/gpt2/forward-uniforms.js'
import { joinParts } from '../../src/engine/gpt2/results.js'
import { vocabularySlices } from '../../src/engine/gpt2/vocabulary.js'

const vocabulary = suite('vocabulary slices')

const CASES: [vocabSize: number, limit: number, slices: number][] = [
  [1, 1e9, 1],
  [97, 1e9, 1],
  [97, 64, 2],
  [8192, 1e9, 1],
  [8193, 1e9, 2],
  [50_257, 1e9, 7],
  // 128 MiB of f32 rows of 1,600
  [50_257, 20_971, 7],
  [50_257, 1000, 53],
]
for (const [vocabSize, limit, count] of CASES) {
  vocabulary(`${vocabSize} tokens, at most ${limit} a binding`, () => {
    const slices = vocabularySlices(vocabSize, limit)
    assert.is(slices.length, count)
    let next = 0
    for (const [i, { first, columns }] of slices.entries()) {
      assert.is(first, next)
      assert.ok(columns > 0 && columns <= limit)
      if (i < slices.length - 1) assert.is(columns % 64, 0)
      next += columns
    }
    assert.is(next, vocabSize)
  })
}

vocabulary('parts cover every scored row times every slice once, slices innermost', () => {
  for (const scored of [0, 1, LOGIT_ROWS, LOGIT_ROWS + 1, 3 * LOGIT_ROWS - 1]) {
    const parts = logitParts(scored, 3)
    const chunks = Math.ceil(scored / LOGIT_ROWS)
    assert.is(parts.length, 3 * chunks)
    parts.forEach(({ firstRow, rows, slice }, i) => {
      assert.is(slice, i % 3)
      assert.is(firstRow, Math.floor(i / 3) * LOGIT_ROWS)
      assert.is(rows, Math.min(LOGIT_ROWS, scored - firstRow))
    })
  }
})

vocabulary('parts are joined without their padding', () => {
  const part = (firstRow: number, first: number, columns: number, values: number[]) => ({
    block: { firstRow, rows: values.length / 4, first, columns, stride: 4 },
    bytes: Float32Array.from(values).buffer,
  })
  const parts = [
    part(0, 0, 4, [1, 2, 3, 4, 11, 12, 13, 14]),
    part(0, 4, 1, [5, -1, -1, -1, 15, -1, -1, -1]),
    part(2, 0, 4, [21, 22, 23, 24]),
    part(2, 4, 1, [25, -1, -1, -1]),
  ]
  const joined = joinParts(
    3,
    5,
    parts.map(({ block }) => block),
    parts.map(({ bytes }) => bytes),
  )
  assert.equal([...joined], [1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 21, 22, 23, 24, 25])
})

vocabulary.run()
