/** Log-masks of static controls on the host, against the definition of their patterns. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patternMask } from '../../../src/engine/train/pattern-mask.js'
import { patternMaskReference } from '../../reference/train/pattern-mask.js'

const GONE = Math.fround(-1e30)
const test = suite('pattern masks')

for (const rule of [
  { kind: 'local', size: 1 },
  { kind: 'local', size: 5 },
  { kind: 'strided', size: 1 },
  { kind: 'strided', size: 4 },
] as const) {
  test(`${JSON.stringify(rule)}: every sequence sees what the definition says`, () => {
    for (const T of [1, 4, 9, 33]) {
      const masks = patternMask(rule, 2, T)
      assert.is(masks.length, 2 * T * T)
      const expected = patternMaskReference(rule, T)
      masks.forEach((log, i) => {
        const [k, j] = [Math.floor(i / T) % T, i % T]
        if (j > k) return
        assert.is(log, Math.max(GONE, expected[k * T + j]), `${T} tokens, query ${k}, key ${j}`)
      })
    }
  })
}

test.run()
