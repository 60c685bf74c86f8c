/** results/reference-*.json is what this code computes: a slice of it, scored again, on the CPU or whatever ASP_TEST_DEVICE names. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runDevice } from '../src/cli/base-command.js'
import { DEFAULT_MODEL } from '../src/data/bundled.js'
import { evaluate } from '../src/eval/evaluate.js'
import type { PolicyName } from '../src/pruning/level.js'
import type { FoundPolicy } from '../src/record/common.js'
import type { EvalRecord, PerDocumentRecord } from '../src/record/eval/schema.js'
import { readRecord } from '../src/record/io/read.js'
import { SWEEP_SCHEMA } from '../src/record/kinds.js'
import { workFolder } from './commands/asp.js'
import { openTestDevice } from './gpu.js'

const reference = await readRecord(
  fileURLToPath(new URL('../results/reference-paper-asp-recall.json', import.meta.url)),
  [SWEEP_SCHEMA],
)

/** Of every suite, so many documents. */
const DOCUMENTS = 3
const CELLS = ['dense', 'adaptive-0.8', 'streaming-0.8', 'h2o-0.8', 'knorm-0.9', 'expected-0.5']

const folder = workFolder()
const test = suite('reference record')
const open = await openTestDevice()
test.after(() => open.close())

const sizeOf = ({ parameters }: FoundPolicy): number | undefined => {
  const { window, stride, budget } = parameters as Record<string, number | undefined>
  return window ?? stride ?? budget
}

/** The first documents of a suite under the policy of a record, with the shift or the size that it has there. */
async function scoreAgain(cell: string, suite: string, { policy, tasks }: EvalRecord): Promise<EvalRecord> {
  const { per_document, policy: found = policy } = tasks[suite]
  const { record } = await evaluate(
    {
      suites: [suite],
      model: reference.model.id,
      samples: { [suite]: per_document.doc_id.slice(0, DOCUMENTS) },
      data: 'sample',
      dtype: 'auto',
      policy: policy.name as PolicyName,
      shift: found.threshold_shift ?? undefined,
      size: sizeOf(found),
      seed: reference.seed,
      logSamples: false,
      resume: false,
      lmEval: false,
      output: join(folder, `${cell}-${suite}.json`),
      command: ['asp'],
    },
    { openDevice: async () => runDevice(open), orStop: (work) => work },
  )
  return record
}

const first = ({ hash, logprob, metrics }: PerDocumentRecord) => ({
  hash: hash.slice(0, DOCUMENTS),
  logprob: logprob.slice(0, DOCUMENTS),
  metrics: Object.entries(metrics).map(([metric, values]) => [metric, values.slice(0, DOCUMENTS)]),
})

for (const id of CELLS) {
  test(`${id}: the same documents, verdicts and log-probabilities`, async () => {
    const cell = reference.cells.find((one) => one.id === id)
    assert.ok(cell?.eval, `no cell ${id}`)
    for (const [task, { per_document }] of Object.entries(cell.eval.tasks)) {
      const again = await scoreAgain(id, task, cell.eval)
      const [expected, got] = [per_document, again.tasks[task].per_document].map(first)
      assert.equal(got.hash, expected.hash, task)
      assert.equal(got.metrics, expected.metrics, task)
      expected.logprob.forEach((logprob, i) => {
        const off = Math.abs(got.logprob[i] - logprob)
        assert.ok(off < 1e-3, `${task}, document ${i}: ${got.logprob[i]}, not ${logprob}`)
      })
    }
  })
}

test('it is whole: every policy at every sparsity, of a bundled model', () => {
  assert.is(reference.status, 'complete')
  assert.is(reference.cells.length, 1 + 6 * 3)
  for (const { id, eval: own, refused } of reference.cells) {
    // Short prompts do not let every policy remove so much.
    assert.ok(own?.status === 'complete' || refused.some(({ part }) => part === 'eval'), id)
  }
  assert.is(reference.model.id, DEFAULT_MODEL)
})

test.run()
