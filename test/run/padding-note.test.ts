/** Who reads bytes of a cache is told what of them are zeros. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rowBytes } from '../../src/engine/decode/layout.js'
import { paddingNotes } from '../../src/run/padding-note.js'

const test = suite('padding note')

test('heads of widths that kernels have are kept as they are', () => {
  for (const width of [64, 128]) {
    const config = { nEmbd: 3 * width, nHead: 3 }
    assert.equal(paddingNotes(config), [])
    assert.is(rowBytes(config, 'f32'), 4 * config.nEmbd)
  }
})

test('others are said to be padded, and their bytes are those of the buffers', () => {
  const narrow = { nEmbd: 144, nHead: 3 }
  assert.equal(paddingNotes(narrow), [
    'heads are 48 wide and kept as 64: 16 of 64 numbers of keys and values in the cache are zeros',
  ])
  assert.is(rowBytes(narrow, 'f16'), 2 * 3 * 64)
  assert.match(paddingNotes({ nEmbd: 160, nHead: 2 })[0], /^heads are 80 wide and kept as 128: 48 of 128 /)
})

test.run()
