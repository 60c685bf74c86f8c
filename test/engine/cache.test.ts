/** The kernels of the key-value cache under random work (docs/method.md, Properties 14 and 15). */
import * as assert from 'uvu/assert'
import { onEachAdapter } from '../gpu.js'
import { CacheFuzz } from './cache-fuzz.js'

/** Operations on the fastest adapter; the others, on which every dispatch takes longer, do a fraction of them. */
const CASES = [
  // More slots than kernels have lanes for.
  { kind: 'paged', slots: 20, operations: 100_000 },
  { kind: 'paged', slots: 20, operations: 3_000, propagate: true },
  { kind: 'mask', slots: 20, operations: 3_000 },
  { kind: 'slots', slots: 20, operations: 3_000 },
  // Few, so that often no slot has a hole near its start.
  { kind: 'slots', slots: 3, operations: 3_000 },
] as const
const ELSEWHERE = 0.02

await onEachAdapter('cache', (test, open) => {
  const share = open.adapter.kind === 'swiftshader' ? ELSEWHERE : 1
  for (const { operations, ...options } of CASES) {
    const { kind, slots } = options
    const name = 'propagate' in options ? ', drops last in later layers' : ''
    test(`${kind}, ${slots} slots: random work against a Map${name}`, async () => {
      const fuzz = new CacheFuzz(open, { seed: 5, ...options })
      await fuzz.run(operations * share)
      const { counts, moves } = fuzz
      // For slots the paper's structure moves what lies after the first hole.
      if (kind === 'paged')
        assert.ok(moves > 0 && moves <= counts.drops, `${moves} moves, ${counts.drops} drops`)
      if (share === 1) {
        const wanted = kind === 'paged' ? counts : { ...counts, shrinks: 1 }
        for (const [what, count] of Object.entries(wanted)) assert.ok(count > 0, `no ${what}`)
      }
      await fuzz.releaseAll()
      await fuzz.check()
      fuzz.close()
    })
  }
})
