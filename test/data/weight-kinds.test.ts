/** Every kind of weight file of one tiny model reads as its safetensors do, and scores what PyTorch scores. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Checkpoint, openCheckpoint } from '../../src/data/checkpoint.js'
import { sha256Of } from '../../src/data/files.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { bf16ToF32, f16ToF32 } from '../../src/engine/half.js'
import { refused } from '../failure.js'
import { unpackFixtures, type WeightFixtures } from './weight-fixtures.js'

interface Context {
  fixtures: WeightFixtures
}

const kinds = suite<Context>('kinds of weight files')

kinds.before(async (context) => {
  context.fixtures = await unpackFixtures()
})
kinds.after(({ fixtures }) => fixtures.remove())

/** A file, or a folder in which it is found. */
const KINDS: { path: string; kind: Checkpoint['kind']; dtype?: 'BF16'; reference?: string }[] = [
  { path: 'safetensors/model.safetensors', kind: 'safetensors' },
  { path: 'pytorch', kind: 'pytorch' },
  { path: 'pytorch/pytorch_model.bin', kind: 'pytorch' },
  { path: 'pytorch-legacy', kind: 'pytorch' },
  // Parameters under `state_dict`, in pickle protocol 4.
  { path: 'pytorch-4', kind: 'pytorch' },
  { path: 'pytorch-views', kind: 'pytorch' },
  { path: 'pytorch-shards', kind: 'pytorch', dtype: 'BF16' },
  { path: 'nanogpt', kind: 'nanogpt' },
  { path: 'nanogpt/ckpt.pt', kind: 'nanogpt' },
  { path: 'llmc', kind: 'llm.c', reference: 'safetensors-4c' },
  { path: 'llmc/gpt2_bf16.bin', kind: 'llm.c', dtype: 'BF16', reference: 'safetensors-4c' },
  { path: 'gguf/f32.gguf', kind: 'gguf' },
]

for (const { path, kind, dtype, reference = 'safetensors' } of KINDS) {
  kinds(`${path}: the tensors of the safetensors, to the bit`, async ({ fixtures }) => {
    const opened = await openCheckpoint(fixtures.folder(path))
    const expected = await openCheckpoint(fixtures.folder(reference))
    assert.is(opened.kind, kind)
    assert.equal(opened.config, expected.config)
    assert.equal([...opened.tensors.keys()].sort(), [...expected.tensors.keys()].sort())
    for (const [name, { shape, read }] of expected.tensors) {
      const tensor = opened.tensors.get(name)
      assert.equal(tensor?.shape, shape, name)
      assert.equal(await tensor?.read(), dtype === 'BF16' ? upperHalves(await read()) : await read(), name)
    }
  })
}

for (const dtype of ['f16', 'bf16'] as const) {
  kinds(`GGUF in ${dtype}: matrices in it, the rest in f32, the same values`, async ({ fixtures }) => {
    const opened = await openCheckpoint(fixtures.folder(`gguf/${dtype}.gguf`))
    const expected = await openCheckpoint(fixtures.folder('safetensors'))
    assert.is(opened.storedDtype, 'mixed')
    for (const [name, { shape, read }] of expected.tensors) {
      const tensor = opened.tensors.get(name)
      const isMatrix = shape.length === 2 && name !== 'wpe.weight'
      assert.is(tensor?.dtype, isMatrix ? dtype.toUpperCase() : 'F32', name)
      assert.equal(
        floats(tensor?.dtype ?? '', (await tensor?.read()) ?? new Uint8Array()),
        floats('F32', await read()),
      )
    }
  })
}

kinds("GGUF in q8_0: the floats that llama.cpp's own library makes of the blocks", async ({ fixtures }) => {
  const path = fixtures.folder('gguf/q8_0.gguf')
  const opened = await openCheckpoint(path)
  const hashes = JSON.parse(await readFile(path.replace('.gguf', '.json'), 'utf8'))
  assert.is(opened.tensors.size, 16)
  assert.is(opened.storedDtype, 'mixed')
  for (const [name, { dtype, read }] of opened.tensors) {
    assert.is(dtype, 'F32')
    assert.is(sha256Of(await read()), hashes[`transformer.${name}`], name)
  }
})

kinds('GGUF has its tokenizer with it', async ({ fixtures }) => {
  const { tokenizer } = await openCheckpoint(fixtures.folder('gguf/f16.gguf'))
  const { encode, decode, prefixToken, endToken } = await loadTokenizer(tokenizer, 24)
  assert.equal([...encode('abc10<|endoftext|>')], [20, 22, 23])
  assert.is(decode([20, 22]), 'abc10')
  assert.equal([prefixToken, endToken], [23, 23])
})

kinds('several models in a folder are named', async ({ fixtures }) => {
  const folder = fixtures.folder('gguf')
  await refused(
    () => openCheckpoint(folder),
    /gguf: must hold one model, got bf16.gguf, f16.gguf, f32.gguf, q8_0.gguf$/,
  )
})

function floats(dtype: string, bytes: Uint8Array): number[] {
  const { buffer, byteOffset, byteLength } = bytes
  if (dtype === 'F32') return [...new Float32Array(buffer, byteOffset, byteLength / 4)]
  return [...new Uint16Array(buffer, byteOffset, byteLength / 2)].map(dtype === 'F16' ? f16ToF32 : bf16ToF32)
}

/** Of every four bytes the upper two, which is what bfloat16 keeps of values with few bits. */
const upperHalves = (bytes: Uint8Array): Uint8Array => bytes.filter((_, i) => i % 4 >= 2)

kinds(
  'nanoGPT: the characters of its meta.pkl, files beside it before them, GPT-2 without either',
  async ({ fixtures }) => {
    const folder = fixtures.folder('nanogpt')
    const { tokenizer } = await openCheckpoint(folder)
    const { encode, decode, prefixToken, endToken } = await loadTokenizer(tokenizer, 24)
    // As its encode() gives them: [stoi[c] for c in 'ab, é\n'], of '\n ,abcdefghijklmnopqrsté'.
    assert.equal([...encode('ab, é\n')], [3, 4, 2, 1, 23, 0])
    assert.is(decode([3, 4, 2, 1, 23, 0]), 'ab, é\n')
    assert.equal([prefixToken, endToken], [0, null])
    assert.throws(() => encode('Z'), /Z/)

    await writeFile(join(folder, 'vocab.json'), '{}')
    assert.equal((await openCheckpoint(folder)).tokenizer, { kind: 'folder', folder })
    await rm(join(folder, 'vocab.json'))
    await rm(join(folder, 'meta.pkl'))
    assert.equal((await openCheckpoint(folder)).tokenizer, { kind: 'gpt2' })
    const other = fixtures.folder('pytorch')
    assert.equal((await openCheckpoint(other)).tokenizer, { kind: 'folder', folder: other })
  },
)

kinds('a meta.pkl that holds something else', async ({ fixtures }) => {
  const folder = fixtures.folder('nanogpt')
  const bad = [
    ['(dp0\n.', /meta.pkl: must have stoi, an id for each character/],
    ["(dS'stoi'\n(dS'ab'\nI0\nss.", /meta.pkl: must have stoi/],
    ["(dS'stoi'\n(dS'a'\nI0\nsS'b'\nI0\nss.", /meta.pkl: must have stoi/],
    ['cos\nsystem\n.', /meta.pkl: its pickle has the name os.system/],
  ] as const
  for (const [content, says] of bad) {
    await writeFile(join(folder, 'meta.pkl'), content)
    await refused(() => openCheckpoint(folder), says)
    // It is not looked at beside a tokenizer that goes before it.
    await writeFile(join(folder, 'tokenizer.json'), '{}')
    assert.equal((await openCheckpoint(folder)).tokenizer, { kind: 'folder', folder })
    await rm(join(folder, 'tokenizer.json'))
  }
  await rm(join(folder, 'meta.pkl'))
})

kinds('the built-in tokenizer is GPT-2, file by file as published', async () => {
  const { encode, decode, sha256, vocabSize } = await loadTokenizer({ kind: 'gpt2' }, 50_257)
  const text = 'Hello world, naïve café — 東京 1234  \n\t<|endoftext|>'
  assert.is(decode(encode(text)), text)
  // `tiktoken.get_encoding('gpt2').encode(text, allowed_special='all')`
  assert.equal([...encode('Hello world!')], [15496, 995, 0])
  assert.is(vocabSize, 50_257)
  // Of vocab.json and merges.txt as openai-community/gpt2 has them.
  assert.is(sha256, '00f404d36600411e497efb3df08d3b4e094f0820e2595afcb7cbd0c4353d4fcb')
})

kinds.run()
