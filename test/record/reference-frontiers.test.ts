/** Frontiers are a function of the records in a sweep: those of the committed ones are computed again. */
import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildSweepRecord } from '../../src/record/sweep/build.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'

const results = new URL('../../results/', import.meta.url)
const names = readdirSync(results).filter((name) => /^reference-.*\.json$/.test(name))

const test = suite('reference frontiers')

for (const name of names) {
  test(name, () => {
    const record = JSON.parse(readFileSync(new URL(name, results), 'utf8')) as SweepRecord
    const { schema: _s, kind: _k, status: _c, date, frontiers: _f, identity: _i, timing, ...parts } = record
    const again = buildSweepRecord({
      ...parts,
      started: new Date(1000 * date),
      loadSeconds: timing.load_s,
      estimatedSeconds: timing.estimated_s,
    })
    // Older records have no critical footprints.
    const { critical_footprints: critical, ...rest } = again
    const { critical_footprints: known = critical, ...recorded } = record
    assert.equal(rest, recorded)
    assert.equal(critical, known)
  })
}

test('there are some', () => assert.ok(names.length > 0))

test.run()
