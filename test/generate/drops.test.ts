import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { countSequence, cutDeaths, dropShares, shareOf, traceLines } from '../../src/generate/drops.js'
import { closingLine } from '../../src/report/generate.js'
import { renderDrops, screenLines, terminalShading } from '../../src/report/generate-drops.js'
import { checkTrace } from './trace.js'

const test = suite('drops')

const NEVER = 0xffffffff
/** Two layers of a text of 5 tokens, all but the last of which were queries. */
const DEATHS = [Uint32Array.of(2, 2, NEVER, NEVER), Uint32Array.of(3, NEVER, 3, NEVER)]
const TOKENS = [10, 11, 12, 13, 14]
const decode = (tokens: ArrayLike<number>): string => Array.from(tokens, (token) => ` t${token}`).join('')

test('shares of layers, of one layer, and what happens after the end does not count', () => {
  assert.equal(dropShares(DEATHS, null), [1, 0.5, 0.5, 0])
  assert.equal(dropShares(DEATHS, 1), [1, 0, 1, 0])
  assert.equal(dropShares(cutDeaths(DEATHS, 3), null), [0.5, 0.5, 0])
})

test('pairs removed, over layers, and the cache over time', () => {
  // Of 6 pairs a layer: keys 0 and 1 are hidden from queries 2 and 3; keys 0 and 2 from query 3.
  const { pairs, removed } = countSequence(DEATHS)
  assert.equal({ pairs, removed }, { pairs: 6, removed: [4, 2] })
  // Entries seen by query: 1 2 1 2 in one layer, 1 2 3 2 in the other.
  assert.equal(shareOf(countSequence(DEATHS)), {
    achieved: 0.5,
    kv_footprint: 14 / 20,
    kv_peak: 4 / 8,
    kv_peak_max: 4 / 8,
  })
  assert.is(shareOf(countSequence(cutDeaths(DEATHS, 1))).achieved, null)
  assert.is(shareOf(countSequence(cutDeaths(DEATHS, 0))).kv_peak, null, 'never fed a token')
  assert.is(shareOf(null).kv_footprint, null, 'the dense policy has no death times')
})

test('a trace tells victims and killers in the order they fell', () => {
  const run = {
    kind: 'run',
    schema: 'asp.trace/1',
    model: 'm',
    revision: null,
    threshold_shift: 0,
    layers: 2,
  } as const
  const lines = traceLines({ sequence: 3, promptTokens: 2, tokens: TOKENS, deaths: DEATHS }, decode)
  const { sequences, drops } = checkTrace([run, ...lines])
  assert.equal(
    sequences.map(({ tokens }) => tokens),
    [TOKENS],
  )
  const fallen = drops.map((drop) => [drop.killer_position, drop.layer, drop.position, drop.killer_text])
  assert.equal(fallen, [
    [2, 0, 0, ' t12'],
    [2, 0, 1, ' t12'],
    [3, 1, 0, ' t13'],
    [3, 1, 2, ' t13'],
  ])
})

const piece = (text: string, share: number) => ({ text, share })

test('dropped text fades, and is in brackets where there are no colours', () => {
  const pieces = [
    piece('One', 0),
    piece(' two', 1),
    piece(' three', 0.5),
    piece(' four', 0.4),
    piece(' five', 1),
  ]
  assert.is(renderDrops(pieces, 'plain'), 'One⟦ two three⟧ four⟦ five⟧')
  assert.is(renderDrops([], 'plain'), '')
  const grey = (text: string, code: number): string => `\x1b[38;5;${code}m${text}\x1b[39m`
  assert.is(renderDrops(pieces.slice(0, 3), 'dark'), `One${grey(' two', 239)}${grey(' three', 244)}`)
  assert.is(renderDrops(pieces.slice(0, 3), 'light'), `One${grey(' two', 252)}${grey(' three', 248)}`)
})

test('a terminal is taken for dark unless it says otherwise', () => {
  assert.is(terminalShading(undefined, undefined), 'dark')
  assert.is(terminalShading(undefined, '15;0'), 'dark')
  assert.is(terminalShading(undefined, '0;default;15'), 'light')
  assert.is(terminalShading(undefined, '0;7'), 'light')
  assert.is(terminalShading('1', '0;15'), 'plain')
  assert.is(terminalShading('', '0;15'), 'light')
})

const text = (lines: ReturnType<typeof screenLines>): string[] =>
  lines.map((line) => line.map((part) => part.text).join(''))

test('lines are cut to the screen and its last rows, with nothing that moves the cursor', () => {
  const screen = { columns: 6, rows: 4 }
  const pieces = [piece('abc', 0), piece('defgh\n', 1), piece('\x1b[2Ji\tj', 0), piece('日本', 0)]
  assert.equal(text(screenLines(pieces, { columns: 6, rows: 99 })), ['abcde', 'fgh', ' [2Ji', ' j日', '本'])
  assert.equal(text(screenLines(pieces, screen)), [' [2Ji', ' j日', '本'])
  assert.equal(
    screenLines(pieces, { columns: 6, rows: 99 })[0].map(({ share }) => share),
    [0, 1],
  )
  assert.equal(text(screenLines([], screen)), [''])
})

test('the closing line', () => {
  const sequence = {
    prompt: 0,
    sample: 0,
    seed: 1,
    prompt_text: '',
    text: '',
    prompt_tokens: 4,
    tokens: [1, 2, 3],
    finish: 'length',
    sparsity: 0.5,
  } as const
  const record = {
    sequences: [
      { ...sequence, tokens: [1, 2, 3] },
      { ...sequence, tokens: [1], finish: 'eos' as const },
      { ...sequence, tokens: [1], finish: 'eos' as const },
    ],
    timing: {
      load_s: 1,
      calibrate_s: 0,
      prefill: { tokens: 12, seconds: 0.1 },
      decode: { tokens: 2, seconds: 0.5 },
    },
    cache: {
      kind: 'paged',
      dtype: 'f32',
      live_bytes: 1024,
      held_bytes: 2048,
      allocated_bytes: 4096,
      dense_bytes: 4096,
    },
    sparsity: { requested: 0.8, achieved: 0.7512 },
    policy: { name: 'adaptive', threshold_shift: -1, calibrated_ctx: 132 },
  }
  const line = (change: object = {}) =>
    closingLine({ ...record, ...change } as Parameters<typeof closingLine>[0])
  assert.is(
    line(),
    '5 tokens in 3 texts (2 end token, 1 --max-tokens); prompt 12 tokens at 120/s, decoding 2 tokens at 4.00/s; ' +
      'cache 1.00 KiB live in 2.00 KiB, 25 % of dense 4.00 KiB; sparsity 0.75 (0.8 requested, over 132 tokens); ' +
      'threshold shift -1.0000, found',
  )
  const kv = { requested: 0.8, achieved: 0.7512, kv_footprint: 0.4321, kv_peak: 0.5, kv_peak_max: 0.6 }
  assert.match(
    line({ sparsity: kv }),
    /\(0\.8 requested, over 132 tokens\); KV footprint 0\.43, peak 0\.50; /,
  )
  assert.match(
    line({ policy: { name: 'dense', threshold_shift: null, calibrated_ctx: null } }),
    /; cache 2\.00 KiB, dense$/,
  )
  assert.match(
    line({ policy: { ...record.policy, calibrated_ctx: null }, sequences: [record.sequences[0]] }),
    /^3 tokens \(--max-tokens\); .*; sparsity 0\.75$/,
  )
})

test.run()
