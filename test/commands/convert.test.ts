/** `asp convert`: what it writes reads as what it read, with a tokenizer; and what it refuses leaves nothing behind. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { publish } from '../../src/data/publish.js'
import { decodeSafetensors, encodeHeader } from '../../src/data/safetensors.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { readF32 } from '../../src/engine/gpt2/read-tensor.js'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../src/engine/half.js'
import type { StoredDtype } from '../../src/engine/tensor-source.js'
import { writeFullVocabulary } from '../data/full-vocabulary.js'
import { unpackFixtures, type WeightFixtures } from '../data/weight-fixtures.js'
import { asp, namesIn, workFolder } from './asp.js'

const folder = workFolder()

interface Context {
  fixtures: WeightFixtures
}

const convert = suite<Context>('asp convert')

convert.before(async (context) => {
  context.fixtures = await unpackFixtures()
})
convert.after(({ fixtures }) => fixtures.remove())

convert('a GGUF becomes a folder with the same tensors, sizes and tokens', async ({ fixtures }) => {
  const from = fixtures.folder('gguf/q8_0.gguf')
  const { status, stdout, stderr } = await asp(folder, ['convert', from, 'made/plain', '--quiet'])
  assert.is(status, 0, stderr)
  assert.match(
    stdout,
    /^q8_0.gguf \(gguf\) -> made\/plain: tokenizer.json, tokenizer_config.json, config.json, model.safetensors, /,
  )
  const [read, made] = [await openCheckpoint(from), await openCheckpoint(join(folder, 'made/plain'))]
  assert.is(made.kind, 'safetensors')
  assert.equal(made.config, read.config)
  assert.equal([...made.tensors.keys()].sort(), [...read.tensors.keys()].sort())
  for (const [name, tensor] of read.tensors)
    assert.equal(await made.tensors.get(name)?.read(), await tensor.read(), name)
  const [one, other] = [await loadTokenizer(read.tokenizer, 24), await loadTokenizer(made.tokenizer, 24)]
  assert.equal(other.encode('abc10<|endoftext|>'), one.encode('abc10<|endoftext|>'))
  assert.equal([other.prefixToken, other.endToken], [one.prefixToken, one.endToken])
})

convert("llm.c's file gets GPT-2's own tokenizer, and its table loses the rows that pad it", async () => {
  await writeFullVocabulary(join(folder, 'model_00000010.bin'))
  const { status, stdout, stderr } = await asp(folder, [
    'convert',
    'model_00000010.bin',
    'full',
    '--json',
    '--quiet',
  ])
  assert.is(status, 0, stderr)
  const { kind, parameters, files } = JSON.parse(stdout)
  assert.equal([kind, parameters], ['llm.c', 3_270_656])
  assert.equal(files, ['vocab.json', 'merges.txt', 'config.json', 'model.safetensors'])
  const config = JSON.parse(readFileSync(join(folder, 'full/config.json'), 'utf8'))
  const { bos_token_id, vocab_size, torch_dtype, activation_function } = config
  assert.equal(
    [bos_token_id, vocab_size, torch_dtype, activation_function],
    [50256, 50257, 'bfloat16', 'gelu_new'],
  )
  const { tokenizer } = await openCheckpoint(join(folder, 'full'))
  const { sha256 } = await loadTokenizer(tokenizer, 50_257)
  assert.is(sha256, (await loadTokenizer({ kind: 'gpt2' }, 50_257)).sha256)
})

convert(
  'biases that a model does not have are zeros, as transformers would make them',
  async ({ fixtures }) => {
    const bare = join(folder, 'bare')
    cpSync(fixtures.folder('gguf/f32.gguf'), join(folder, 'whole.gguf'))
    assert.is((await asp(folder, ['convert', 'whole.gguf', 'bare', '--quiet'])).status, 0)
    const weights = join(bare, 'model.safetensors')
    const tensors = [...decodeSafetensors(readFileSync(weights))].filter(([name]) => !name.endsWith('.bias'))
    const bytes = tensors.map(([, tensor]) => tensor.bytes)
    writeFileSync(weights, Buffer.concat([encodeHeader(tensors), ...bytes]))
    const read = await openCheckpoint(bare)
    assert.ok(read.config.absentBiases.includes('ln_f.bias'))
    const { status, stderr } = await asp(folder, ['convert', 'bare', 'biased', '--quiet'])
    assert.is(status, 0, stderr)
    const made = await openCheckpoint(join(folder, 'biased'))
    assert.equal(made.config.absentBiases, [])
    for (const [name, tensor] of made.tensors) {
      const stored = await tensor.read()
      assert.equal(stored, (await read.tensors.get(name)?.read()) ?? new Uint8Array(stored.length), name)
    }
    for (const made of [bare, join(folder, 'whole.gguf')]) rmSync(made, { recursive: true })
  },
)

convert(
  'weights become another type where one is named; a value that it does not have is refused',
  async ({ fixtures }) => {
    const from = fixtures.folder('gguf/f32.gguf')
    const values = async (path: string) => {
      const { tensors, storedDtype } = await openCheckpoint(join(folder, path))
      const named = [...tensors.keys()].map(async (name) => [name, await readF32(tensors, name)] as const)
      return { storedDtype, tensors: new Map(await Promise.all(named)) }
    }
    const rounded = {
      f16: (x: number) => f16ToF32(f32ToF16(x)),
      bf16: (x: number) => bf16ToF32(f32ToBf16(x)),
    }
    const write = async (path: string, to: string, dtype?: StoredDtype) =>
      publish(await openCheckpoint(path), join(folder, to), { dtype })
    await write(from, 'own')
    const own = await values('own')
    assert.is((await asp(folder, ['convert', from, 'f16', '--dtype', 'f16', '--quiet'])).status, 0)
    await write(from, 'bf16', 'BF16')
    for (const [dtype, torch, stored] of [
      ['f16', 'float16', 'F16'],
      ['bf16', 'bfloat16', 'BF16'],
    ] as const) {
      const config = JSON.parse(readFileSync(join(folder, dtype, 'config.json'), 'utf8'))
      assert.is(config.torch_dtype, torch)
      const made = await values(dtype)
      assert.is(made.storedDtype, stored)
      for (const [name, one] of own.tensors)
        assert.equal(made.tensors.get(name), one.map(rounded[dtype]), name)
      // And back, which is exact.
      await write(join(folder, dtype), `${dtype}-f32`, 'F32')
      const back = await values(`${dtype}-f32`)
      assert.is(back.storedDtype, 'F32')
      assert.equal(back.tensors, made.tensors)
    }
    const weights = join(folder, 'own/model.safetensors')
    const tensors = [...decodeSafetensors(readFileSync(weights))]
    const [, last] = tensors[tensors.length - 1]
    new DataView(last.bytes.buffer, last.bytes.byteOffset).setFloat32(4, -70_000, true)
    writeFileSync(weights, Buffer.concat([encodeHeader(tensors), ...tensors.map(([, { bytes }]) => bytes)]))
    const { status, stderr } = await asp(folder, ['convert', 'own', 'over', '--dtype', 'f16', '--quiet'])
    assert.is(status, 2)
    assert.match(
      stderr,
      /model.safetensors: tensor ln_f.bias: must stay within the range of f16, got 1 of 64 values beyond it, up to 70000; hint: --dtype f32/,
    )
    assert.not(existsSync(join(folder, 'over')))
    await write(join(folder, 'own'), 'over', 'BF16')
    for (const made of ['own', 'f16', 'f16-f32', 'bf16', 'bf16-f32', 'over'])
      rmSync(join(folder, made), { recursive: true })
  },
)

convert('a config.json that says no model_type gets it', async ({ fixtures }) => {
  const [old, made] = [join(folder, 'old'), join(folder, 'new-old')]
  await publish(await openCheckpoint(fixtures.folder('gguf/f32.gguf')), old)
  const path = join(old, 'config.json')
  const { model_type: _type, ...rest } = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify(rest))
  await publish(await openCheckpoint(old), made)
  assert.is(JSON.parse(readFileSync(join(made, 'config.json'), 'utf8')).model_type, 'gpt2')
  for (const one of [old, made]) rmSync(one, { recursive: true })
})

convert(
  'refuses a folder with something in it, and a model that asp refuses, and leaves nothing',
  async ({ fixtures }) => {
    const empty = join(folder, 'nothing')
    mkdirSync(empty)
    writeFileSync(join(empty, 'notes.txt'), 'mine')
    const used = await asp(folder, ['convert', fixtures.folder('gguf/f16.gguf'), 'nothing', '--quiet'])
    assert.is(used.status, 2)
    assert.match(
      used.stderr,
      /^error: nothing: must be a new folder, got one with notes.txt in it; hint: name a folder/,
    )
    assert.equal(readdirSync(empty), ['notes.txt'])
    const small = join(folder, 'small')
    for (const name of ['ckpt.pt', 'config.json'])
      cpSync(join(fixtures.folder('nanogpt'), name), join(small, name))
    const before = namesIn(folder)
    for (const [argv, says] of [
      [
        ['small', 'new'],
        /GPT-2's own tokenizer: token ids must be below the model's vocabulary of 24, got 50256/,
      ],
      [
        [join(fixtures.folder('gguf'), 'q8_0.json'), 'new'],
        /q8_0.json: must be a folder or a weight file, got a file that begins with 7b0a/,
      ],
      [['out/gone.pt', 'new'], /gone.pt: no such file or folder/],
    ] as const) {
      const { status, stderr, stdout } = await asp(folder, ['convert', ...argv, '--quiet'])
      assert.is(status, 2)
      assert.match(stderr, says)
      assert.is(stderr.trim().split('\n').length, 1)
      assert.is(stdout, '')
    }
    assert.equal(namesIn(folder), before)
    assert.not(existsSync(join(folder, 'new')))
    rmSync(small, { recursive: true })
  },
)

convert("a model of llm.c's is scored as it lies there; the record says what it was read from", async () => {
  writeFileSync(join(folder, 'text.txt'), 'The quick brown fox jumps over the lazy dog. '.repeat(20))
  const score = async (model: string, output: string) => {
    const argv = [
      'ppl',
      'text.txt',
      '--model',
      model,
      '--ctx',
      '32',
      '--device',
      'cpu',
      '-o',
      output,
      '--quiet',
    ]
    const { status, stderr, stdout } = await asp(folder, argv)
    assert.is(status, 0, stderr)
    return { stdout, record: JSON.parse(readFileSync(join(folder, output), 'utf8')) }
  }
  const file = await score('./model_00000010.bin', 'file.json')
  const { weights_kind, tokenizer_source, stored_dtype } = file.record.model
  assert.equal([weights_kind, tokenizer_source, stored_dtype], ['llm.c', 'gpt2', 'bf16'])
  assert.match(file.stdout, /model_00000010.bin \(llm.c, GPT-2's own tokenizer\)/)
  const made = await score('full', 'made.json')
  assert.equal([made.record.model.weights_kind, made.record.model.tokenizer_source], [undefined, undefined])
  assert.equal(made.record.contexts[0].rules, file.record.contexts[0].rules)
})

convert.run()
