/** Records and logs of trainings validate, and what none has is refused. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TrainingOptions } from '../../../src/train/options.js'
import { trainRun } from '../../../src/train/train-run.js'
import { fakeTrainers } from '../../train/fake-trainer.js'
import { DEVICE, fakeEvaluate, HEAD, prepared, testFolder } from '../../train/fixture.js'
import type { RootSchema } from '../schema-walk.js'

const read = (name: string): RootSchema =>
  JSON.parse(
    readFileSync(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  ) as RootSchema
const schema = read('asp.train-1')
const ajv = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true })
const validate = ajv.compile(schema)

async function run(changes: Partial<TrainingOptions> = {}, aborted = false) {
  const folder = testFolder()
  const training = prepared(folder, { steps: 3, ...changes })
  const controller = new AbortController()
  if (aborted) controller.abort()
  const hooks = {
    trainers: fakeTrainers(),
    evaluate: fakeEvaluate,
    peak: async () => 1e9,
    signal: controller.signal,
  }
  const record = await trainRun(training, training.runs[0], DEVICE, HEAD, hooks)
  const lines = readFileSync(join(folder, 'train-log.jsonl'), 'utf8').trimEnd().split('\n')
  return {
    record: JSON.parse(JSON.stringify(record)) as Record<string, unknown>,
    lines: lines.map((line) => JSON.parse(line)),
  }
}

const runs = {
  adaptive: await run({ shiftRange: { low: -1, high: 1 }, gammaConvention: 'code' }),
  'constant alpha, cosine rate': await run({
    alpha: 'constant',
    rate: 1e-3,
    rateSchedule: 'cosine',
  }),
  'a dense control': await run({ control: { kind: 'dense' } }),
  'a local control': await run({ control: { kind: 'local', size: 4 } }),
  'stopped before the first step': await run({}, true),
}

const LINES: Record<string, string> = { run: 'RunLine', step: 'StepLine', eval: 'EvalLine' }

const test = suite('train record schema')

for (const [name, { record, lines }] of Object.entries(runs)) {
  test(`accepts a record and the lines of its log: ${name}`, () => {
    validate(record)
    assert.equal(validate.errors ?? [], [])
    for (const line of lines) {
      const check = ajv.compile({ ...schema.$defs[LINES[line.kind]], $id: undefined, $defs: schema.$defs })
      check(line)
      assert.equal(check.errors ?? [], [], line.kind)
    }
  })
}

const refused: [string, string[], unknown][] = [
  ['another version', ['schema'], 'asp.train/2'],
  ['a field nobody described', ['note'], 'hello'],
  ['a rule nobody knows', ['options', 'rule', 'kind'], 'sparse'],
  ['a schedule of no kind', ['options', 'alpha', 'kind'], 'square'],
  ['a range of one bound', ['options', 'shift_range'], [1]],
  ['no weight of the sparsity loss', ['options', 'gamma_weight'], null],
  ['a hash that is none', ['data', 'sha256'], 'abc'],
]
for (const [name, at, value] of refused) {
  test(`refuses ${name}`, () => {
    const copy = structuredClone(runs.adaptive.record)
    let parent = copy
    for (const key of at.slice(0, -1)) parent = parent[key] as Record<string, unknown>
    parent[String(at.at(-1))] = value
    assert.is(validate(copy), false)
  })
}

test.run()
