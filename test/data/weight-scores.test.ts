/** What every kind of weight file scores: to the bit what its safetensors score, and to float precision what PyTorch does. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import type { OpenDevice } from '../../src/device/open.js'
import { scoreWindows } from '../../src/ppl/score.js'
import { openEngine, openTestDevice } from '../gpu.js'
import { unpackFixtures, type WeightFixtures } from './weight-fixtures.js'

interface Context {
  fixtures: WeightFixtures
  open: OpenDevice
  ids: number[]
  /** By transformers, in f32, of every id but the first. */
  expected: number[]
}

const scores = suite<Context>('scores of weight files')

scores.before(async (context) => {
  context.fixtures = await unpackFixtures()
  context.open = await openTestDevice()
  const file = join(context.fixtures.folder('safetensors'), 'logprobs.json')
  const { ids, logprobs } = JSON.parse(await readFile(file, 'utf8'))
  Object.assign(context, { ids, expected: logprobs })
})
scores.after(async ({ fixtures, open }) => {
  await open.close()
  await fixtures.remove()
})

async function logprobs({ fixtures, open, ids }: Context, path: string): Promise<number[]> {
  const engine = await openEngine(open, await openCheckpoint(fixtures.folder(path)))
  try {
    const input = Uint32Array.from(ids)
    const window = { input, firstRow: 0, firstTarget: 1, targets: input.slice(1) }
    for await (const [[dense]] of scoreWindows(engine, [window], { rules: [], batchTokens: 64 }))
      return [...dense.logprobs]
    return []
  } finally {
    engine.close()
  }
}

scores('safetensors score what PyTorch scores', async (context) => {
  const got = await logprobs(context, 'safetensors')
  assert.is(got.length, context.expected.length)
  for (const [i, value] of got.entries())
    assert.ok(Math.abs(value - context.expected[i]) < 1e-5, `${i}: ${value}`)
})

scores('and so does every other kind, to the bit', async (context) => {
  const reference = await logprobs(context, 'safetensors')
  for (const path of [
    'pytorch',
    'pytorch-legacy',
    'pytorch-views',
    'pytorch-shards',
    'nanogpt',
    'gguf/f32.gguf',
    'gguf/bf16.gguf',
  ])
    assert.equal(await logprobs(context, path), reference, path)
})

scores("llm.c's files score what the same model's safetensors score, to the bit", async (context) => {
  const reference = await logprobs(context, 'safetensors-4c')
  for (const path of ['llmc/model_00000003.bin', 'llmc/gpt2_bf16.bin'])
    assert.equal(await logprobs(context, path), reference, path)
})

scores.run()
