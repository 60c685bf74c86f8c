import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SEGMENT } from '../../src/engine/kernels/structs.js'
import { type PlannedBatch, type PlanOptions, planBatches, tokensRun } from '../../src/eval/plan.js'
import { BATCH_TOKENS } from '../../src/run/batch-tokens.js'
import type { Request } from '../../src/suites/request.js'
import { request, tokens } from '../suites/requests.js'

const ROOMY: PlanOptions = {
  limits: { tokens: 1000, requests: 1000 },
  tiles: { queries: 8, keys: 8 },
  share: true,
}

/** What the batch would feed and ask: for each request its whole input, and each target with what precedes it. */
function readBack({ batch, requests }: PlannedBatch) {
  const { segments } = batch
  const whole = (index: number): number[] => {
    const { tokens, trunk } = segments[index]
    return [...(trunk === null ? [] : whole(trunk)), ...Array.from(tokens)]
  }
  return requests.map(({ request, segment, firstTarget }) => ({
    request,
    input: whole(segment),
    targets: Array.from(request.targets, (_, i) => {
      const row = batch.scoredRows[batch.targets[2 * (firstTarget + i)]]
      const owner = segments.findIndex((_, s) => {
        const [first, length] = [batch.table[SEGMENT.words * s], batch.table[SEGMENT.words * s + 1]]
        return row >= first && row < first + length
      })
      const own = row - batch.table[SEGMENT.words * owner]
      const before = whole(owner).slice(0, whole(owner).length - segments[owner].tokens.length + own + 1)
      return { before, token: batch.targets[2 * (firstTarget + i) + 1] }
    }),
  }))
}

/** Every request comes once, in order, with its own input, and each target follows what it should. */
function assertFaithful(batches: readonly PlannedBatch[], requests: readonly Request[]): void {
  const read = batches.flatMap(readBack)
  assert.equal(
    read.map(({ request }) => request),
    requests,
  )
  for (const { request, input, targets } of read) {
    assert.equal(input, [...request.input])
    targets.forEach(({ before, token }, i) => {
      assert.is(token, request.targets[i])
      assert.equal(before, input.slice(0, input.length - targets.length + i + 1))
    })
  }
}

const context = tokens(20, 1)
const endings = (doc: number, lengths: readonly number[]) =>
  lengths.map((n, i) => request(doc, i, [...context, ...tokens(n, i + 2)], n))

const plan = suite('planBatches')

const SHAPES: { name: string; requests: Request[]; segments: number[]; rows: number }[] = [
  {
    // The last token of each is not fed.
    name: 'endings of one context share it',
    requests: endings(0, [3, 5, 2]),
    segments: [20, 2, 4, 1],
    rows: 27,
  },
  {
    name: 'single-token endings need no rows of their own',
    requests: endings(0, [1, 1, 1]),
    segments: [20],
    rows: 20,
  },
  {
    name: 'an input that is the beginning of the other is the trunk',
    requests: [
      request(0, 0, tokens(10, 3), 4),
      request(0, 1, [...tokens(10, 3).slice(0, 9), ...tokens(5, 4)], 5),
    ],
    segments: [9, 4],
    rows: 13,
  },
  {
    name: 'targets that lie in the trunk are asked there',
    requests: [1, 2].map((i) => request(0, i, [...context, ...tokens(3, i + 6)], 15)),
    segments: [20, 2, 2],
    rows: 24,
  },
  {
    name: 'a tenth of the tokens must be spared: it is',
    requests: [1, 2].map((i) => request(0, i, [...tokens(4, 5), ...tokens(17, i + 8)], 2)),
    segments: [4, 16, 16],
    rows: 36,
  },
  {
    name: 'a tenth of the tokens must be spared: it is not',
    requests: [1, 2].map((i) => request(0, i, [...tokens(3, 5), ...tokens(18, i + 8)], 2)),
    segments: [20, 20],
    rows: 40,
  },
  {
    name: 'a document of one request stands alone',
    requests: [request(0, 0, context, 4)],
    segments: [19],
    rows: 19,
  },
  {
    name: 'different documents share nothing, however alike',
    requests: [...endings(0, [3]), ...endings(1, [3])],
    segments: [22, 22],
    rows: 44,
  },
  {
    name: 'documents about one text share it',
    requests: [...endings(0, [3, 5]), ...endings(1, [4])].map((one) => ({ ...one, group: 'text' })),
    segments: [20, 2, 4, 3],
    rows: 29,
  },
  {
    name: 'what is frozen at different places shares nothing',
    requests: endings(0, [3, 5]).map((one, i) => ({ ...one, frozenFrom: 20 + i })),
    segments: [22, 24],
    rows: 46,
  },
]
for (const { name, requests, segments, rows } of SHAPES) {
  plan(name, () => {
    const batches = [...planBatches(requests, ROOMY)]
    assert.is(batches.length, 1)
    assert.equal(
      batches[0].batch.segments.map(({ tokens }) => tokens.length),
      segments,
    )
    assert.is(batches[0].batch.rows, rows)
    assert.is(tokensRun(requests, ROOMY), rows)
    assertFaithful(batches, requests)
  })
}

plan('a trunk and its branches are frozen where their requests are', () => {
  const requests = endings(0, [3, 5]).map((one) => ({ ...one, frozenFrom: 20 }))
  const [{ batch }] = planBatches(requests, ROOMY)
  assert.equal(
    batch.segments.map(({ trunk, frozenFrom }) => [trunk, frozenFrom]),
    [
      [null, 20],
      [0, 20],
      [0, 20],
    ],
  )
})

plan('documents about one text that do not fit together share what each has of its own', () => {
  const requests = [...endings(0, [3, 5]), ...endings(1, [4, 2])].map((one) => ({ ...one, group: 'text' }))
  const batches = [...planBatches(requests, { ...ROOMY, limits: { tokens: 27, requests: 1000 } })]
  assert.equal(
    batches.map(({ batch }) => batch.segments.map(({ tokens }) => tokens.length)),
    [
      [20, 2, 4],
      [20, 3, 1],
    ],
  )
  assertFaithful(batches, requests)
})

plan('single-token choices are all read off one row', () => {
  const [{ batch, requests }] = planBatches(endings(0, [1, 1, 1]), ROOMY)
  assert.equal([...batch.scoredRows], [19])
  assert.equal(
    requests.map(({ segment, firstTarget }) => [segment, firstTarget]),
    [
      [0, 0],
      [0, 1],
      [0, 2],
    ],
  )
})

const MANY = Array.from({ length: 30 }, (_, doc) =>
  doc % 5 === 4
    ? [request(doc, 0, tokens(3 + ((doc * 7) % 40), doc), 2)]
    : endings(doc, [1 + (doc % 4), 4, 2]),
).flat()

for (const limits of [
  { tokens: 1000, requests: 1000 },
  { tokens: 100, requests: 1000 },
  { tokens: 1000, requests: 4 },
  { tokens: 1000, requests: 2 },
  { tokens: 1, requests: 1000 },
]) {
  for (const share of [true, false]) {
    plan(
      `within ${limits.tokens} tokens and ${limits.requests} requests, ${share ? '' : 'not '}shared`,
      () => {
        const options = { ...ROOMY, limits, share }
        const batches = [...planBatches(MANY, options)]
        assertFaithful(batches, MANY)
        let rows = 0
        for (const { batch, requests } of batches) {
          rows += batch.rows
          assert.ok(requests.length <= limits.requests)
          assert.ok(batch.rows <= limits.tokens || requests.length === 1, `${batch.rows} tokens`)
          if (!share) assert.ok(batch.segments.every(({ trunk }) => trunk === null))
        }
        assert.is(rows, tokensRun(MANY, options))
      },
    )
  }
}

plan('batches are filled as far as they go', () => {
  const alone = Array.from({ length: 10 }, (_, doc) => request(doc, 0, tokens(11, doc), 1))
  const sizes = [...planBatches(alone, { ...ROOMY, limits: { tokens: 35, requests: 9 } })].map(
    ({ batch }) => batch.rows,
  )
  assert.equal(sizes, [30, 30, 30, 10])
})

plan('on every adapter, four choices at the end of GPT-2’s context share their text', () => {
  const text = tokens(1016, 1)
  const choices = [2, 3, 4, 5].map((seed, i) => request(0, i, [...text, ...tokens(8, seed)], 8))
  const shared = 1016 + 4 * (choices[0].input.length - 1016)
  for (const tokens of Object.values(BATCH_TOKENS))
    assert.is(tokensRun(choices, { limits: { tokens, requests: 1000 }, share: true }), shared)
})

plan('nothing gives nothing', () => {
  assert.equal([...planBatches([], ROOMY)], [])
  assert.is(tokensRun([], ROOMY), 0)
})

plan.run()
