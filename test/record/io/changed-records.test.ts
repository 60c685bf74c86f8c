/** Whatever is changed in a record, it is refused in one line or can be compared and drawn: nothing fails later. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../../src/compare/compare.js'
import { COMPARABLE, type Comparable } from '../../../src/compare/pair-records.js'
import { Failure } from '../../../src/errors.js'
import { parseRecord } from '../../../src/record/io/read.js'
import type { RecordOf, Schema } from '../../../src/record/io/records.js'
import { WRITTEN_BY } from '../../../src/record/kinds.js'
import type { ReportedRecord } from '../../../src/report/reported-record.js'
import { renderReportText } from '../../../src/report/text-plots.js'
import { RECORDS } from '../../report/records-fixture.js'

const ALL = Object.keys(WRITTEN_BY) as Schema[]
const OPTIONS = { alpha: 0.05, margins: {}, metrics: null, date: new Date(0), command: [] }

/** Changes of a value; undefined takes it away. */
const CHANGES: ((value: unknown) => unknown)[] = [
  () => undefined,
  () => null,
  () => 'x',
  () => 0,
  () => 1e12,
  () => [],
  () => ({}),
  (value) => (Array.isArray(value) ? value.slice(1) : value),
]

/** Every place of a value, outermost first. */
function places(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...places(holder[key])])
}

async function orRefused<T>(work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

const isComparable = (record: RecordOf<Schema>): record is Comparable =>
  COMPARABLE.some((schema) => schema === record.schema)

const test = suite('changed records')

for (const [file, original] of Object.entries(RECORDS)) {
  if (original.schema === 'asp.train-log/1') continue
  test(file, async () => {
    const base = JSON.parse(JSON.stringify(original)) as RecordOf<Schema>
    const record = structuredClone(base)
    const all = places(record)
    // Some dozen places are enough, spread over all of it.
    const stride = Math.ceil(all.length / 30)
    let accepted = 0
    for (const [i, { holder, key }] of all.entries()) {
      if (i % stride !== 0) continue
      const kept = holder[key]
      for (const change of CHANGES) {
        const value = change(kept)
        if (value === undefined && Array.isArray(holder)) continue
        if (value === undefined) delete holder[key]
        else holder[key] = value
        const text = JSON.stringify(record)
        const read = await orRefused(() => parseRecord(file, text, ALL))
        if (read !== null) {
          accepted += 1
          if (isComparable(read) && isComparable(base)) {
            const pair = [
              { file: 'base', record: base },
              { file: 'changed', record: read },
            ] as const
            await orRefused(() => compareRecords(pair[0], [pair[1]], OPTIONS))
            await orRefused(() => compareRecords(pair[1], [pair[0]], OPTIONS))
          }
          renderReportText([{ file, record: read as ReportedRecord }], 80)
        }
        holder[key] = kept
      }
    }
    assert.ok(accepted > 5, `${accepted} accepted`)
  })
}

test.run()
