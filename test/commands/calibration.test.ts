/** `--sparsity` over several suites: reached in each by itself, or marked; pooled on request; kept apart from one another. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { asp } from './asp.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-calibration-'))
const test = suite('calibration by suite')
test.after(() => rmSync(folder, { recursive: true, force: true }))

const SUITES = ['winogrande', 'wikitext']
const RUN = ['--data', 'sample', '--limit', '12', '--quiet', '--device', 'cpu']

async function evaluate(name: string, ...argv: string[]): Promise<{ record: EvalRecord; stdout: string }> {
  const file = join(folder, `${name}.json`)
  const { status, stdout, stderr } = await asp(folder, ['eval', ...SUITES, ...argv, ...RUN, '-o', file])
  assert.is(status, 0, stderr)
  return { record: JSON.parse(readFileSync(file, 'utf8')), stdout }
}

const achieved = ({ tasks }: EvalRecord) => SUITES.map((name) => tasks[name].sparsity.achieved)

test('an adaptive checkpoint reaches the share in short and in long texts, by a shift for each', async () => {
  const { record, stdout } = await evaluate('suite', '--sparsity', '0.8')
  for (const share of achieved(record)) assert.ok(Math.abs(share - 0.8) <= 0.01, `${share}`)
  assert.is(record.calibrated, 'suite')
  assert.equal([record.policy.threshold_shift, record.policy.calibration], [null, null])
  const shifts = SUITES.map((name) => record.tasks[name].policy?.threshold_shift)
  assert.ok(shifts.every(Number.isFinite) && shifts[0] !== shifts[1], shifts.join())
  assert.match(stdout, /│ Shift or │/)
  assert.not.match(stdout, /Marked \*/)
})

test('pooled, one shift serves all, and what is off is marked', async () => {
  const { record, stdout } = await evaluate('pooled', '--sparsity', '0.8', '--calibrate', 'pooled')
  const [short, long] = achieved(record)
  assert.ok(short < 0.7 && long > 0.8, `${short} ${long}`)
  assert.is(record.calibrated, 'pooled')
  assert.ok(Number.isFinite(record.policy.threshold_shift))
  assert.match(stdout, new RegExp(`${short.toFixed(4)} \\*`))
  assert.match(stdout, /Marked \* +more than 0\.01 from the requested 0\.8: winogrande 0\.\d+/)
})

test('a policy that cannot reach the share of a suite removes what it can, and is marked', async () => {
  const { record, stdout } = await evaluate('strided', '--policy', 'strided', '--sparsity', '0.9')
  const [short, long] = achieved(record)
  assert.ok(short > 0.5 && short < 0.89, `${short}`)
  assert.ok(Math.abs(long - 0.9) <= 0.01, `${long}`)
  assert.match(stdout, /their texts are too short for more/)
})

test('records that are calibrated otherwise are not comparable, and not one run', async () => {
  const [own, pooled] = ['suite', 'pooled'].map((name) => join(folder, `${name}.json`))
  const compared = await asp(folder, ['compare', own, pooled])
  assert.is(compared.status, 3)
  assert.match(compared.stderr, /calibration differs from .*suite\.json, pooled against suite/)
  const resumed = await asp(folder, [
    ...['eval', ...SUITES, '--sparsity', '0.8', '--calibrate', 'pooled', '--resume', ...RUN, '-o', own],
  ])
  assert.is(resumed.status, 2)
  assert.match(resumed.stderr, /its calibration was "suite" and is now "pooled"/)
})

test('a run without a share, or of one suite, has nothing to be reached together', async () => {
  const { record } = await evaluate('own')
  assert.is(record.calibrated, null)
  assert.is(record.policy.threshold_shift, 0)
})

test.run()
