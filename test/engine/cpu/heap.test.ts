import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../src/engine/cpu/heap.js'
import { seededRandom } from '../../../src/stats/bootstrap.js'

const heap = suite('heap')
const FIRST = 1000 * 64

/** A heap that may grow to `most`, and how far it has grown. */
function grown(most: number) {
  const memory = { end: FIRST }
  const made = new Heap(FIRST, (end) => {
    if (end > most) return false
    memory.end = Math.max(memory.end, end)
    return true
  })
  return { heap: made, memory }
}

heap('gives cache lines of their own, from its beginning on', () => {
  const { heap } = grown(FIRST + 6400)
  assert.equal(heap.take(1), { address: FIRST, fresh: true })
  assert.equal(heap.take(65), { address: FIRST + 64, fresh: true })
  assert.equal(heap.take(0), { address: FIRST + 192, fresh: true })
})

heap('says of memory that was used before that it is not fresh', () => {
  const { heap } = grown(FIRST + 640)
  heap.take(64)
  heap.release(FIRST)
  assert.equal(heap.take(64), { address: FIRST, fresh: false })
  heap.release(FIRST)
  // The last free range grows: its beginning was used.
  assert.equal(heap.take(128), { address: FIRST, fresh: false })
})

heap('has no room for what does not fit, and is as it was', () => {
  const { heap, memory } = grown(FIRST + 640)
  assert.is(heap.take(641), null)
  assert.is(memory.end, FIRST)
  assert.equal(heap.take(640), { address: FIRST, fresh: true })
  assert.is(heap.take(1), null)
  heap.release(FIRST)
  assert.equal(heap.take(64), { address: FIRST, fresh: false })
})

heap('releases only what was taken, once', () => {
  const { heap } = grown(FIRST + 640)
  assert.throws(() => heap.release(FIRST), /nothing was taken/)
  heap.take(64)
  heap.release(FIRST)
  assert.throws(() => heap.release(FIRST), /nothing was taken/)
})

heap('joins neighbours: whatever was freed in whatever order is whole again', () => {
  for (let seed = 0; seed < 20; seed++) {
    const next = seededRandom(seed)
    const { heap, memory } = grown(FIRST + 64 * 100)
    const all = Array.from({ length: 100 }, () => heap.take(64)?.address ?? 0)
    while (all.length > 0) heap.release(all.splice(Math.floor(next() * all.length), 1)[0])
    assert.equal(heap.take(6400), { address: FIRST, fresh: false })
    assert.is(memory.end, FIRST + 6400)
  }
})

heap('fuzzed against a map of lines: no overlap, nothing lost, fresh means never used', () => {
  for (let seed = 0; seed < 10; seed++) {
    const next = seededRandom(100 + seed)
    const LINES = 512
    const { heap } = grown(FIRST + 64 * LINES)
    const owner = new Array<number>(LINES).fill(0)
    const used = new Array<boolean>(LINES).fill(false)
    const taken: { address: number; lines: number }[] = []
    for (let step = 1; step < 2000; step++) {
      if (taken.length > 0 && next() < 0.45) {
        const [{ address, lines }] = taken.splice(Math.floor(next() * taken.length), 1)
        heap.release(address)
        owner.fill(0, (address - FIRST) / 64, (address - FIRST) / 64 + lines)
        continue
      }
      const bytes = Math.floor(next() ** 3 * 64 * 60)
      const lines = Math.max(1, Math.ceil(bytes / 64))
      const got = heap.take(bytes)
      if (got === null) {
        assert.not(longestFree(owner) >= lines, `no room for ${lines} lines`)
        continue
      }
      const first = (got.address - FIRST) / 64
      assert.ok(Number.isInteger(first) && first + lines <= LINES)
      for (let line = first; line < first + lines; line++) {
        assert.is(owner[line], 0, 'taken twice')
        if (got.fresh) assert.not(used[line], 'used before')
        owner[line] = step
        used[line] = true
      }
      taken.push({ address: got.address, lines })
    }
  }
})

function longestFree(owner: readonly number[]): number {
  let [longest, length] = [0, 0]
  for (const one of owner) {
    length = one === 0 ? length + 1 : 0
    longest = Math.max(longest, length)
  }
  return longest
}

heap.run()
