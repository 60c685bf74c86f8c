import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as format from '../../src/report/format.js'

const test = suite('formats')

const cases: [string, string][] = [
  [format.formatStatistic(0.28924517), '0.2892'],
  [format.formatStatistic('N/A'), 'N/A'],
  [format.formatCount(1234567.4), '1,234,567'],
  [format.formatShare(0.8), '0.80'],
  [format.formatShare(0), '0.00'],
  [format.formatShare(1), '1.00'],
  [format.formatShare(0.0004), '0.0004'],
  [format.formatShare(0.9996), '0.9996'],
  [format.formatPercent(0.51234), '51 %'],
  [format.formatPercent(0.004), '0.4 %'],
  [format.formatPercent(0), '0 %'],
  [format.formatBytes(0), '0 bytes'],
  [format.formatBytes(1023), '1023 bytes'],
  [format.formatBytes(1024), '1.00 KiB'],
  [format.formatBytes(1024 * 1024 - 1), '1.00 MiB'],
  [format.formatBytes(154389504), '147 MiB'],
  [format.formatBytes(6.2e9), '5.77 GiB'],
  [format.formatLarge(999), '999'],
  [format.formatLarge(4612230), '4.61 M'],
  [format.formatLarge(124439808), '124 M'],
  [format.formatLarge(1557611200), '1.56 B'],
  [format.formatSeconds(0.512), '0.51 s'],
  [format.formatSeconds(9.999), '10.0 s'],
  [format.formatSeconds(59.96), '1 min 00 s'],
  [format.formatSeconds(245), '4 min 05 s'],
  [format.formatSeconds(3599.6), '1 h 00 min'],
  [format.formatSeconds(7385), '2 h 03 min'],
  [format.formatSeconds(10790), '3 h 00 min'],
  [format.formatRate(0.123), '0.12'],
  [format.formatRate(9.996), '10.0'],
  [format.formatRate(99.96), '100'],
  [format.formatRate(1234.6), '1,235'],
]
for (const [got, expected] of cases) test(expected, () => assert.is(got, expected))

test.run()
