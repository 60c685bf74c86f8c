/** What the host plans for a cache without asking the device. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pagesNeeded, pagesWanted, slotPagesNeeded, slotPagesWanted } from '../../src/engine/decode/layout.js'
import { RowBounds } from '../../src/engine/decode/row-bounds.js'

const plan = suite('cache planning')
const SHAPE = { slots: 3, nPositions: 200 }

plan('rows: the last readback, and what was submitted since', () => {
  const bounds = new RowBounds(2, 3)
  bounds.add(1, 0, 40)
  bounds.add(2, 0, 1)
  bounds.add(2, 1, 5)
  bounds.release(3, 0)
  bounds.add(4, 0, 7)
  assert.is(bounds.most(0, 0), 7)
  // After submission 1 a layer had dropped 30 of 40; what came later is still to come.
  const empty = [0, 0, 0]
  bounds.update(1, [
    [10, 0, 0],
    [40, 0, 0],
  ])
  assert.equal([bounds.most(0, 0), bounds.most(0, 1), bounds.most(1, 1)], [7, 5, 5])
  bounds.update(2, [
    [11, 3, 0],
    [41, 5, 0],
  ])
  assert.equal([bounds.most(0, 0), bounds.most(0, 1), bounds.most(1, 1)], [7, 3, 5])
  bounds.update(1, [empty, empty])
  assert.is(bounds.most(0, 1), 3, 'older news change nothing')
  bounds.update(4, [
    [6, 3, 0],
    [7, 5, 0],
  ])
  assert.equal([bounds.most(0, 0), bounds.most(1, 0)], [6, 7])
})

plan('slots: all slots go through as many rows as the fullest ever had since the last readback', () => {
  const bounds = new RowBounds(1, 3, true)
  bounds.add(1, 0, 40)
  bounds.release(2, 0)
  bounds.add(3, 1, 10)
  assert.equal([bounds.most(0, 0), bounds.most(0, 1), bounds.held(0, 1)], [40, 40, 10])
  assert.is(slotPagesNeeded(bounds, SHAPE, 0, new Map([[1, 30]])), 3 * 2, 'rows fill what is free first')
  assert.is(slotPagesNeeded(bounds, SHAPE, 0, new Map([[1, 60]])), 3 * 3)
  bounds.update(3, [[0, 9, 0]], [12])
  assert.equal([bounds.most(0, 2), bounds.held(0, 1)], [12, 9])
})

plan(
  'pages: enough for every row and one more, some to spare, fewer only once half would do; none at first',
  () => {
    const bounds = new RowBounds(1, 3)
    assert.is(pagesNeeded(bounds, SHAPE, 0, new Map()), 0)
    assert.is(
      pagesNeeded(
        bounds,
        SHAPE,
        0,
        new Map([
          [0, 31],
          [2, 32],
        ]),
      ),
      1 + 2,
    )
    assert.is(pagesNeeded(bounds, SHAPE, 0, new Map([[1, 200]])), 7)
    assert.equal(
      [
        [0, 0],
        [0, 20],
        [5, 4],
        [16, 4],
        [9, 18],
        [8, 20],
        [7, 20],
      ].map(([needed, held]) => pagesWanted(needed, held)),
      [0, 4, 6, 18, 18, 9, 8],
    )
  },
)

plan('slots: 64 at every slot, doubled as often as needed, as many as positions at most, never fewer', () => {
  assert.equal(
    [
      [0, 0],
      [6, 6],
      [7, 6],
      [21, 6],
      [21, 12],
      [0, 21],
    ].map(([needed, held]) => slotPagesWanted(needed, held, SHAPE)),
    [6, 6, 12, 21, 21, 21],
  )
  assert.is(slotPagesWanted(0, 0, { slots: 2, nPositions: 20 }), 2, 'a slot never needs two pages')
})

plan.run()
