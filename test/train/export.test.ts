/** The folder that training leaves: what asp reads back is what was trained, and config.json says what it must. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { initialTensors } from '../../src/data/random-model.js'
import { decodeSafetensors } from '../../src/data/safetensors.js'
import type { Gpt2Config } from '../../src/engine/gpt2/config.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import type { HostTensor } from '../../src/engine/train/types.js'
import { Failure } from '../../src/errors.js'
import { modelConfig, writeModelFiles } from '../../src/train/export.js'
import { CONFIG, fakeStart, testFolder } from './fixture.js'

const test = suite('export')

async function hostTensors(config: Gpt2Config): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>()
  for (const [name, { shape, read }] of initialTensors(config, { seed: 3, beta: 2.5 })) {
    tensors.set(name, { shape, values: new Float32Array((await read()).slice().buffer) })
  }
  return tensors
}

const dense: Gpt2Config = { ...CONFIG, interaction: null }
const deep: Gpt2Config = { ...CONFIG, interaction: { dim: 8, propagateInDepth: true, grace: 5 } }

for (const [title, config] of [
  ['adaptive', CONFIG],
  ['adaptive in depth', deep],
  ['dense', dense],
] as const) {
  for (const dtype of ['f32', 'f16'] as const) {
    test(`${title} in ${dtype}: what is read back is what was written`, async () => {
      const folder = testFolder()
      const tensors = await hostTensors(config)
      await writeModelFiles(folder, tensors, fakeStart(testFolder(), config), dtype)
      const read = await openCheckpoint(folder)
      assert.equal(read.config, config)
      assert.is(read.storedDtype, dtype === 'f32' ? 'F32' : 'F16')
      assert.is(read.tensors.size, tensors.size)
      for (const [name, { shape, values }] of tensors) {
        const stored = read.tensors.get(name)
        assert.equal(stored?.shape, shape, name)
        const bytes = (await stored?.read())?.slice().buffer ?? new ArrayBuffer(0)
        const expected = dtype === 'f32' ? values : values.map((value) => f16ToF32(f32ToF16(value)))
        const found =
          dtype === 'f32' ? new Float32Array(bytes) : Float32Array.from(new Uint16Array(bytes), f16ToF32)
        assert.equal(found, expected, name)
      }
    })
  }
}

test('names are those that transformers knows, and the tokenizer is there', async () => {
  const [folder, tokenizer] = [testFolder(), testFolder()]
  const start = fakeStart(tokenizer)
  writeFileSync(join(tokenizer, 'merges.txt'), 'a b')
  writeFileSync(join(tokenizer, 'notes.txt'), 'not this')
  mkdirSync(join(tokenizer, 'onnx'))
  await writeModelFiles(folder, await hostTensors(CONFIG), start, 'f32')
  assert.equal(readdirSync(folder).sort(), [
    'config.json',
    'merges.txt',
    'model.safetensors',
    'tokenizer.json',
  ])
  const names = [...decodeSafetensors(readFileSync(join(folder, 'model.safetensors'))).keys()]
  assert.ok(names.every((name) => name.startsWith('transformer.')))
  assert.ok(names.includes('transformer.h.0.attn.q_int.weight'))
})

test('config.json is the source with what has changed', () => {
  const source = {
    model_type: 'gpt2',
    vocab_size: 10,
    summary_type: 'x',
    torch_dtype: 'float16',
    int_n_embd: 3,
    dtype: 'a',
  }
  assert.equal(modelConfig(source, deep, 'f32'), {
    model_type: 'gpt2',
    vocab_size: 10,
    summary_type: 'x',
    architectures: ['GPT2LMHeadModel'],
    torch_dtype: 'float32',
    int_n_embd: 8,
    propagate_in_depth: true,
    drop_grace: 5,
  })
  assert.not.ok('int_n_embd' in modelConfig(source, dense, 'f16'))
  assert.not.ok('drop_grace' in modelConfig({ ...source, drop_grace: 5 }, CONFIG, 'f16'))
})

test('a value that f16 does not have is refused, and no file is left', async () => {
  const folder = testFolder()
  const tensors = await hostTensors(dense)
  tensors.set('ln_f.bias', { shape: [64], values: new Float32Array(64).fill(1e6) })
  try {
    await writeModelFiles(folder, tensors, fakeStart(testFolder(), dense), 'f16')
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Failure)
    assert.match((error as Failure).message, /^ln_f\.bias: cannot be kept in f16, got 1000000$/)
  }
  assert.equal(readdirSync(folder).sort(), ['config.json', 'tokenizer.json'])
})

test('new interaction weights: beta as asked for, the rest small and seeded', async () => {
  const tensors = await hostTensors(deep)
  assert.equal(tensors.get('h.0.attn.int_bias')?.values, Float32Array.of(2.5))
  const values = tensors.get('h.0.attn.q_int.weight')?.values ?? new Float32Array()
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
  assert.ok(Math.abs(deviation - 0.02) < 0.004, String(deviation))
  assert.equal((await hostTensors(deep)).get('h.0.attn.q_int.weight')?.values, values)
})

test.run()
