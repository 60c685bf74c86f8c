import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MATMUL_KERNELS, type MatmulKernel } from '../../src/engine/matmul-kernels.js'
import { kernelSetHash, parseChoice } from '../../src/engine/tuner.js'
import { chooseRules, type Timing } from '../../src/engine/tuner-choice.js'

const named = (...names: string[]): MatmulKernel[] =>
  names.map((name) => {
    const kernel = MATMUL_KERNELS.find((row) => row.name === name)
    if (kernel === undefined) throw new Error(name)
    return kernel
  })

/** Times in microseconds by kernel, one for each class of 1 and 512 rows at 64 columns. */
const timings = (table: Record<string, [number, number]>): Timing[] =>
  Object.entries(table).flatMap(([kernel, times]) =>
    times.map((time, i) => ({
      kernel,
      dtype: 'f16' as const,
      rows: [1, 512][i],
      columns: 64,
      seconds: time / 1e6,
    })),
  )

const SIDES = { rows: [1, 512], columns: [64] }
const rules = (one: string, many: string) => [{ rows: 1, kernel: one }, { kernel: many }]

const choice = suite('rules from times')

const CASES: [what: string, times: Record<string, [number, number]>, steady: string[], free: string[]][] = [
  ['the only one', { tile: [9, 9] }, ['tile', 'tile'], ['tile', 'tile']],
  [
    'few rows are free to split',
    { tile: [9, 9], 'short-16': [2, 90] },
    ['tile', 'tile'],
    ['short-16', 'tile'],
  ],
  [
    'the way that wins where most time goes is kept to',
    { tile: [5, 90], 'tile-32x64': [2, 80], 'halves-64x64': [7, 30], 'halves-128x64': [9, 20] },
    ['halves-64x64', 'halves-128x64'],
    ['tile-32x64', 'halves-128x64'],
  ],
  [
    'a little faster is not enough',
    { tile: [100, 100], 'tile-64x64': [96, 94] },
    ['tile', 'tile-64x64'],
    ['tile', 'tile-64x64'],
  ],
]
for (const [what, times, steady, free] of CASES) {
  choice(what, () => {
    const found = chooseRules(named(...Object.keys(times)), timings(times), SIDES)
    assert.equal(found.steady, rules(steady[0], steady[1]))
    assert.equal(found.free, rules(free[0], free[1]))
  })
}

choice('a choice is read back, one with a kernel there is no more is not', () => {
  const empty = { steady: [], free: [] }
  const kept = { version: 1, matmul: { f32: empty, f16: { steady: rules('tile', 'tile'), free: [] } } }
  assert.is(parseChoice(kept), kept)
  const unknown = { ...kept, matmul: { f32: empty, f16: { steady: [{ kernel: 'gone' }], free: [] } } }
  for (const bad of [
    unknown,
    { ...kept, version: 0 },
    { ...kept, matmul: null },
    {
      ...kept,
      matmul: { f32: empty, f16: { steady: [{ ...rules('tile', 'tile')[0], rows: null }], free: [] } },
    },
    {
      ...kept,
      matmul: { f32: empty, f16: { steady: [{ ...rules('tile', 'tile')[0], columns: 'x' }], free: [] } },
    },
    { unfinished: true },
    {},
    null,
    undefined,
    'text',
    [],
  ]) {
    assert.is(parseChoice(bad), null, JSON.stringify(bad))
  }
})

choice('the hash of the kernels is one of all of them', () => {
  assert.match(kernelSetHash(), /^[0-9a-f]{64}$/)
  assert.is(kernelSetHash(), kernelSetHash())
})

choice.run()
