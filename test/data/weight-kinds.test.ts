/** Every kind of weight file of one tiny model reads as its safetensors do, and scores what PyTorch scores. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Checkpoint, openCheckpoint } from '../../src/data/checkpoint.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { unpackFixtures, type WeightFixtures } from './weight-fixtures.js'

interface Context {
  fixtures: WeightFixtures
  reference: Checkpoint
}

const kinds = suite<Context>('kinds of weight files')

kinds.before(async (context) => {
  context.fixtures = await unpackFixtures()
  context.reference = await openCheckpoint(context.fixtures.folder('safetensors'))
})
kinds.after(({ fixtures }) => fixtures.remove())

/** A file, or a folder in which it is found. */
const KINDS: { path: string; kind: Checkpoint['kind']; dtype?: 'BF16' }[] = [
  { path: 'safetensors/model.safetensors', kind: 'safetensors' },
  { path: 'pytorch', kind: 'pytorch' },
  { path: 'pytorch/pytorch_model.bin', kind: 'pytorch' },
  { path: 'pytorch-legacy', kind: 'pytorch' },
  { path: 'pytorch-views', kind: 'pytorch' },
  { path: 'pytorch-shards', kind: 'pytorch', dtype: 'BF16' },
  { path: 'nanogpt', kind: 'nanogpt' },
  { path: 'nanogpt/ckpt.pt', kind: 'nanogpt' },
]

for (const { path, kind, dtype } of KINDS) {
  kinds(`${path}: the tensors of the safetensors, to the bit`, async ({ fixtures, reference }) => {
    const opened = await openCheckpoint(fixtures.folder(path))
    assert.is(opened.kind, kind)
    assert.equal(opened.config, reference.config)
    assert.equal([...opened.tensors.keys()].sort(), [...reference.tensors.keys()].sort())
    for (const [name, { shape, read }] of reference.tensors) {
      const tensor = opened.tensors.get(name)
      assert.equal(tensor?.shape, shape, name)
      const expected = await read()
      assert.equal(await tensor?.read(), dtype === 'BF16' ? upperHalves(expected) : expected, name)
    }
  })
}

/** Of every four bytes the upper two, which is what bfloat16 keeps of values with few bits. */
const upperHalves = (bytes: Uint8Array): Uint8Array => bytes.filter((_, i) => i % 4 >= 2)

kinds('nanoGPT has GPT-2 as its tokenizer, unless one lies beside it', async ({ fixtures }) => {
  const folder = fixtures.folder('nanogpt')
  assert.is((await openCheckpoint(folder)).tokenizerFolder, null)
  assert.is((await openCheckpoint(fixtures.folder('pytorch'))).tokenizerFolder, fixtures.folder('pytorch'))
  await writeFile(join(folder, 'vocab.json'), '{}')
  assert.is((await openCheckpoint(folder)).tokenizerFolder, folder)
  await rm(join(folder, 'vocab.json'))
})

kinds('the built-in tokenizer is GPT-2, file by file as published', async () => {
  const { encode, decode, sha256, vocabSize } = await loadTokenizer(null, 50_257)
  const text = 'Hello world, naïve café — 東京 1234  \n\t<|endoftext|>'
  assert.is(decode(encode(text)), text)
  // `tiktoken.get_encoding('gpt2').encode(text, allowed_special='all')`
  assert.equal([...encode('Hello world!')], [15496, 995, 0])
  assert.is(vocabSize, 50_257)
  // Of vocab.json and merges.txt as openai-community/gpt2 has them.
  assert.is(sha256, '00f404d36600411e497efb3df08d3b4e094f0820e2595afcb7cbd0c4353d4fcb')
})

kinds.run()
