/** `asp ppl` on token shards: a text's own tokens score what the text scores, and blocks are the speedruns' validation loss. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { PplRecord } from '../../src/record/ppl/schema.js'
import { asp, workFolder } from '../commands/asp.js'
import { bareShard, llmcShard } from '../data/shards.js'
import { writeTinyModel } from '../tiny-model.js'

const folder = workFolder()
const model = await writeTinyModel(join(folder, 'model'))
const tokenizer = await loadTokenizer(model, 8192)
const text = (await sampleText()).slice(0, 2500)
const tokens = tokenizer.encode(text)
writeFileSync(join(folder, 'text.txt'), text)
writeFileSync(join(folder, 'shard_val_000000.bin'), llmcShard(tokens))
writeFileSync(join(folder, 'val.bin'), bareShard(tokens))

const FLAGS = ['--model', model, '--device', 'cpu', '--ctx', '128', '--policy', 'dense', '--quiet']

async function ppl(input: string, ...flags: string[]): Promise<PplRecord> {
  const { status, stderr, stdout } = await asp(folder, [
    'ppl',
    input,
    ...FLAGS,
    ...flags,
    '--json',
    '--overwrite',
  ])
  assert.is(status, 0, stderr)
  return JSON.parse(stdout)
}

const test = suite('perplexity of token shards')

test('a shard of a text scores what the text scores, under every protocol', async () => {
  for (const protocol of ['windowed', 'strided', 'llama', 'blocks']) {
    const whole = await ppl('text.txt', '--protocol', protocol, '--limit', 'all')
    for (const input of ['shard_val_000000.bin', 'val.bin']) {
      const shard = await ppl(input, '--protocol', protocol, '--limit', 'all')
      assert.equal(shard.contexts[0].rules, whole.contexts[0].rules, `${protocol} ${input}`)
      const { sources: _mine, ...mine } = shard.text
      const { sources: _whole, ...expected } = whole.text
      assert.equal(mine, expected)
      assert.is(shard.text.sources[0].kind, 'tokens')
    }
  }
})

test('--tokens N: the first N are predicted, all of them, from the shard as from the text', async () => {
  for (const input of ['text.txt', 'val.bin']) {
    const { contexts, text: scored, limit } = await ppl(input, '--protocol', 'blocks', '--tokens', '256')
    assert.equal([scored.tokens, contexts[0].tokens, contexts[0].windows, limit], [257, 256, 2, null])
    const windowed = await ppl(input, '--tokens', '256')
    assert.equal([windowed.text.tokens, windowed.contexts[0].tokens], [256, 256])
  }
})

test("blocks are a shard's windows of the windowed protocol where its first token is the start token", async () => {
  writeFileSync(join(folder, 'start.bin'), bareShard([tokenizer.prefixToken, ...tokens.subarray(0, 512)]))
  writeFileSync(join(folder, 'rest.bin'), bareShard(tokens.subarray(0, 512)))
  const blocks = await ppl('start.bin', '--protocol', 'blocks', '--limit', 'all')
  const windowed = await ppl('rest.bin', '--protocol', 'windowed', '--limit', 'all')
  assert.is(blocks.contexts[0].tokens, 512)
  assert.equal(blocks.contexts[0].rules, windowed.contexts[0].rules)
})

test('an id past the vocabulary ends in one line, with nothing written', async () => {
  writeFileSync(join(folder, 'other.bin'), bareShard([1, 2, 50256]))
  const { status, stderr, stdout } = await asp(folder, ['ppl', 'other.bin', ...FLAGS])
  assert.equal([status, stdout], [2, ''])
  assert.match(
    stderr,
    /^error: other.bin: token ids must be below the model's vocabulary of 8192, got 50256 at token 2; hint: use shards/,
  )
})

test.run()
