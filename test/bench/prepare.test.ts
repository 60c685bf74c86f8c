/** What a benchmark is made of before there is a device: policies, types, tokens; and every request that cannot be met. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BenchOptions, prepareBench } from '../../src/bench/prepare.js'
import { requestedSparsity } from '../../src/pruning/level.js'
import { workFolder } from '../commands/asp.js'

const OPTIONS: BenchOptions = {
  seed: 1,
  tests: { ctx: [64] },
  batches: [1],
  dtypes: ['auto'],
  caches: ['paged'],
  cacheDtypes: ['f32'],
  baseline: true,
  warmUp: true,
  delay: 0,
  stepsPerSubmission: 16,
  curveStep: 1,
  stages: true,
  command: [],
}
const folder = workFolder()
writeFileSync(join(folder, 'latin1.txt'), 'Z\xfcrich, '.repeat(99), 'latin1')

const prepare = (changes: Partial<BenchOptions>) => prepareBench({ ...OPTIONS, ...changes })

const test = suite('preparing a benchmark')

/** `policy sparsity dtype` of each configuration. */
const CHOSEN: [changes: Partial<BenchOptions>, wanted: string[]][] = [
  [{}, ['dense - f16', 'adaptive own f16']],
  [{ sparsities: [0, 0.8] }, ['dense - f16', 'adaptive 0 f16', 'adaptive 0.8 f16']],
  [{ sparsities: [0.5], baseline: false }, ['adaptive 0.5 f16']],
  [{ policies: ['dense'] }, ['dense - f16']],
  [{ policies: ['adaptive', 'dense'], sparsities: [0.5] }, ['adaptive 0.5 f16', 'dense - f16']],
  [{ model: 'asp-tiny-dense' }, ['dense - f16']],
  [{ model: 'random:64x1' }, ['dense - f32', 'adaptive 0.8 f32']],
  [{ dtypes: ['auto', 'f32', 'f16'], policies: ['dense'] }, ['dense - f16', 'dense - f32']],
]
for (const [changes, wanted] of CHOSEN) {
  test(`configurations of ${JSON.stringify(changes)}`, async () => {
    const { configurations } = await prepare(changes)
    const names = configurations.map(({ level, dtype }) => {
      const share = level.policy === 'dense' ? '-' : (requestedSparsity(level) ?? 'own')
      return `${level.policy} ${share} ${dtype}`
    })
    assert.equal(names, wanted)
  })
}

test('tokens: the bundled text, or random ones where there is no tokenizer', async () => {
  const text = await prepare({})
  assert.is(text.data.kind, 'sample')
  assert.ok(text.tokens.length > 32 * 1025, 'enough for a batch of 32')
  const random = await prepare({ model: 'random:64x1' })
  assert.equal([random.data.kind, random.model.sha256], ['random', null])
  assert.is(random.data.tokens, random.tokens.length)
  const asked = await prepare({ data: 'random' })
  assert.is(asked.data.kind, 'random')
  assert.ok(asked.tokens.every((token) => token < 8192))
})

const REFUSED: [changes: Partial<BenchOptions>, message: RegExp][] = [
  [{ sparsities: [1] }, /^--sparsity: must be at least 0 and below 1, got 1$/],
  [{ policies: ['dense'], sparsities: [0.5] }, /^--sparsity 0\.5: the dense policy removes nothing$/],
  [{ model: 'asp-tiny-dense', sparsities: [0.5] }, /^--sparsity 0\.5: checkpoint asp-tiny-dense has no/],
  [{ model: 'asp-tiny-dense', policies: ['adaptive'] }, /^--policy adaptive: checkpoint asp-tiny-dense/],
  [{ model: 'random:gpt5' }, /^--model: must name a size of random weights/],
  [{ model: 'random:gpt2', revision: 'main' }, /^--revision: applies to models from the Hub/],
  [{ model: 'random:64x1', data: 'text.txt' }, /^--text: random weights have no tokenizer for text, got/],
  [{ data: join(folder, 'latin1.txt') }, /latin1\.txt: must be UTF-8, got other bytes/],
  [{ data: 'nowhere.txt' }, /^nowhere\.txt: cannot be read as text/],
  [{ repetitions: 0 }, /^--repetitions: must be a whole number above 0, got 0$/],
  [{ stepsPerSubmission: 65 }, /^--steps-per-submission: must be a whole number from 1 to 64, got 65$/],
  [{ maxTime: -1 }, /^--max-time: must be a number of seconds from 0, got -1$/],
  [{ tests: { prompt: [0], gen: [0] } }, /^--prompt, --gen, --depth: must leave a test/],
]
for (const [changes, message] of REFUSED) {
  test(`refuses ${JSON.stringify(changes)}`, async () => {
    try {
      await prepare(changes)
      assert.unreachable()
    } catch (error) {
      assert.match((error as Error).message, message)
    }
  })
}

test.run()
