import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseStretches } from '../../src/ppl/stretches.js'
import { PROTOCOLS, type Window } from '../../src/ppl/windows.js'
import { PROTOCOL_NAMES } from '../../src/record/names.js'
import { rollingWindows } from '../../src/suites/rolling.js'

/** Token i of the text is i; the start token is 999. */
const text = (length: number) => Uint32Array.from({ length }, (_, i) => i)
const PREFIX = 999

function cut(name: (typeof PROTOCOL_NAMES)[number], length: number, ctx: number, stride = ctx / 2): Window[] {
  const whole = { start: 0, end: length }
  return PROTOCOLS[name].windows(text(length), whole, { ctx, stride, prefixToken: PREFIX })
}

/** What predicts what: the token fed at each scored row, and the target. */
const pairs = (windows: readonly Window[]): number[][] =>
  windows.flatMap(({ input, firstRow, targets }) => Array.from(targets, (t, i) => [input[firstRow + i], t]))

const test = suite('windows')

test('windowed is the rolling log-likelihood of lm-eval at any length', () => {
  for (const [length, ctx] of [
    [34, 10],
    [9, 2],
    [10, 10],
    [11, 10],
    [40, 10],
    [1025, 1024],
    [5, 4],
  ]) {
    const expected = rollingWindows(text(length), PREFIX, ctx)
    const got = cut('windowed', length, ctx)
    assert.equal(
      got.map(({ input, targets }) => ({ input: [...input], targets: [...targets] })),
      expected,
    )
    assert.ok(got.every(({ input }) => input.length === ctx))
  }
})

test('windowed from within a text has what really stands before', () => {
  const [first, second] = PROTOCOLS.windowed.windows(
    text(100),
    { start: 20, end: 30 },
    { ctx: 5, stride: 1, prefixToken: PREFIX },
  )
  assert.equal([...first.input], [19, 20, 21, 22, 23])
  assert.equal([...second.targets], [25, 26, 27, 28, 29])
})

test('strided is the sliding window of the Transformers guide', () => {
  // Its loop: begin 0, 4, 8, ...; targets are what no earlier window held, shifted by one inside the window.
  const windows = cut('strided', 22, 8, 4)
  assert.equal(
    windows.map(({ input, targets }) => [input[0], input.length, targets[0], targets.length]),
    [
      [0, 8, 1, 7],
      [4, 8, 8, 4],
      [8, 8, 12, 4],
      [12, 8, 16, 4],
      [16, 6, 20, 2],
    ],
  )
  // With stride = ctx the first token of every window is lost.
  assert.is(pairs(cut('strided', 24, 8, 8)).length, 21)
  assert.is(pairs(cut('strided', 17, 8, 8)).length, 14)
})

test('llama scores the second half of whole chunks', () => {
  const windows = cut('llama', 35, 16)
  assert.equal(
    windows.map(({ input, firstRow, targets }) => [input[0], firstRow, targets[0], targets.length]),
    [
      [0, 8, 9, 7],
      [16, 8, 25, 7],
    ],
  )
  assert.is(cut('llama', 1024, 512)[0].targets.length, 255)
})

for (const name of PROTOCOL_NAMES) {
  test(`${name}: every target is the token after the row that predicts it, once, in order`, () => {
    for (const [length, ctx, stride] of [
      [64, 16, 8],
      [61, 16, 5],
      [16, 16, 16],
      [100, 7, 1],
      [33, 32, 31],
    ]) {
      const windows = cut(name, length, ctx, stride)
      const scored = pairs(windows)
      for (const [fed, target] of scored) assert.is(fed === PREFIX ? -1 : fed, target - 1)
      const targets = scored.map(([, target]) => target)
      assert.equal(
        targets,
        [...new Set(targets)].sort((a, b) => a - b),
      )
      assert.ok(
        windows.every(
          ({ input, firstRow, targets }) => input.length <= ctx && firstRow + targets.length <= input.length,
        ),
      )
      assert.ok(windows.every(({ firstTarget, targets }) => targets[0] === firstTarget))
      const expected = {
        windowed: length,
        strided: length - 1,
        llama: Math.floor(length / ctx) * (ctx - 1 - Math.floor(ctx / 2)),
        blocks: Math.floor((length - 1) / ctx) * ctx,
      }
      if (name !== 'strided' || stride < ctx)
        assert.is(targets.length, expected[name], `${length} ${ctx} ${stride}`)
    }
  })
}

test('blocks are what the trainers feed: x = tokens[i * n : (i + 1) * n], y one further', () => {
  const tokens = Uint32Array.from({ length: 11 }, (_, i) => 100 + i)
  const options = { ctx: 5, stride: 5, prefixToken: PREFIX }
  const of = (start: number, end: number) =>
    PROTOCOLS.blocks
      .windows(tokens, { start, end }, options)
      .map(({ input, targets }) => [[...input], [...targets]])
  const blocks = [
    [
      [100, 101, 102, 103, 104],
      [101, 102, 103, 104, 105],
    ],
    [
      [105, 106, 107, 108, 109],
      [106, 107, 108, 109, 110],
    ],
  ]
  assert.equal(of(0, 11), blocks)
  assert.equal(of(0, 10), blocks)
  assert.equal(of(0, 9), blocks.slice(0, 1))
  // Nothing follows the last token.
  assert.equal(of(6, 11), [])
})

test('stretches: the whole text, or evenly spread parts as long as the longest context', () => {
  assert.equal(chooseStretches(100, 100, 10), [{ start: 0, end: 100 }])
  assert.equal(chooseStretches(100, Number.POSITIVE_INFINITY, 10), [{ start: 0, end: 100 }])
  assert.equal(chooseStretches(100, 35, 10), [
    { start: 0, end: 10 },
    { start: 45, end: 55 },
    { start: 90, end: 100 },
  ])
  assert.equal(chooseStretches(100, 5, 10), [{ start: 0, end: 10 }])
  for (const [tokens, limit, length] of [
    [53240, 4096, 1024],
    [1000, 999, 10],
    [1030, 1029, 1024],
    [77, 30, 7],
  ]) {
    const stretches = chooseStretches(tokens, limit, length)
    stretches.forEach(({ start, end }, i) => {
      assert.ok(start >= (stretches[i - 1]?.end ?? 0) && end <= tokens && end - start === length)
    })
  }
})

test('all context lengths score the same tokens where they divide the longest', () => {
  const stretches = chooseStretches(5000, 2048, 512)
  const targets = (ctx: number) =>
    stretches.flatMap((stretch) =>
      PROTOCOLS.windowed
        .windows(text(5000), stretch, { ctx, stride: 1, prefixToken: PREFIX })
        .flatMap((window) => [...window.targets]),
    )
  assert.equal(targets(128), targets(512))
  assert.equal(targets(256), targets(512))
})

test.run()
