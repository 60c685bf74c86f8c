/** The table of critical footprints: bounds, intervals, and what has none. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SweepCritical } from '../../src/record/sweep/schema.js'
import { criticalGrids, criticalNotes } from '../../src/report/critical-table.js'

const test = suite('table of critical footprints')

const quality = { kind: 'task', name: 'piqa', metric: 'acc', higher_is_better: true } as const
const points = [
  { cell: 'local-0.5', footprint: 0.6, kept: 0.97 },
  { cell: 'local-0.8', footprint: 0.3, kept: 0.92 },
]
const piqa: SweepCritical = {
  quality,
  chance: 0.5,
  dense: 0.75,
  reason: null,
  policies: [
    {
      policy: 'local',
      points,
      critical: [
        { kept: 0.9, footprint: 0.3, at_most: true, low: 0.3, high: 0.41 },
        { kept: 0.95, footprint: 0.48, at_most: false, low: 0.3, high: 0.7 },
        { kept: 0.99, footprint: 0.87, at_most: false, low: null, high: null },
      ],
    },
  ],
}
const copa: SweepCritical = {
  quality: { ...quality, name: 'copa' },
  chance: 0.5,
  dense: 0.51,
  reason: 'the dense model scores 0.510',
  policies: [],
}

test('a row a quality and policy; what may be lower is marked', () => {
  const [only, ...more] = criticalGrids([piqa, copa])
  assert.equal(more, [])
  assert.equal(only.render({ form: 'csv' }).split('\n'), [
    'Of,,Dense,Chance,Policy,Measured,90 %,95 %,99 %',
    'piqa,acc,0.750,0.50,local,0.60 0.30,"≤0.300 [≤0.300, 0.410]","0.480 [≤0.300, 0.700]",0.870',
  ])
})

test('a quality without figures is told apart, and nothing makes no table', () => {
  const notes = criticalNotes([piqa, copa])
  assert.equal(
    notes.map(([label]) => label),
    ['Footprint', 'No footprint'],
  )
  assert.match(notes[1][1], /^copa \(acc\): the dense model's interval reaches down to chance/)
  assert.equal(criticalGrids([copa]), [])
  assert.equal(
    criticalNotes([copa]).map(([label]) => label),
    ['No footprint'],
  )
  assert.equal([criticalGrids([]), criticalNotes([])], [[], []])
})

test('of many suites only their mean and texts are shown', () => {
  const mean: SweepCritical = { ...piqa, quality: { ...quality, kind: 'mean', name: '9 suites' } }
  const nine = Array.from({ length: 9 }, (_, i) => ({ ...piqa, quality: { ...quality, name: `suite ${i}` } }))
  const text = criticalGrids([mean, ...nine])[0].render({ form: 'csv' })
  assert.is(text.split('\n').length, 2)
  assert.match(text, '9 suites')
})

test.run()
