/** Token shards: what is read of them, what is refused, and the text that tokens stand for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sha256Of } from '../../src/data/files.js'
import { sampleText } from '../../src/data/text-sample.js'
import { checkTokens, readTokenShards } from '../../src/data/token-shards.js'
import { tokenStarts } from '../../src/data/token-starts.js'
import { tokenText } from '../../src/data/token-text.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { refused } from '../failure.js'
import { bareShard, llmcShard } from './shards.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-shards-'))
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const test = suite('token shards')
test.after(() => rmSync(folder, { recursive: true, force: true }))

const IDS = [50256, 15496, 995, 0, 65535]
const llmc = file('fineweb_val_000000.bin', llmcShard(IDS))
const bare = file('val.bin', bareShard(IDS))
const text = file('text.txt', 'text')

test('both kinds, by magic number or by name; several in a row', async () => {
  for (const path of [llmc, bare]) {
    const read = await readTokenShards([path])
    assert.equal([...(read?.tokens ?? [])], IDS)
  }
  const other = file('shard', llmcShard([1, 2]))
  const read = await readTokenShards([llmc, other])
  assert.equal([...(read?.tokens ?? [])], [...IDS, 1, 2])
  const source = { kind: 'tokens', source: other, revision: null, split: null, documents: 1 }
  assert.equal(read?.sources[1], { ...source, sha256: sha256Of(llmcShard([1, 2])) })
})

test('the first tokens only, over the ends of shards', async () => {
  assert.equal([...((await readTokenShards([llmc, bare], 3))?.tokens ?? [])], IDS.slice(0, 3))
  const two = await readTokenShards([llmc, bare], 7)
  assert.equal([...(two?.tokens ?? [])], [...IDS, ...IDS.slice(0, 2)])
  assert.is((await readTokenShards([llmc, bare], 5))?.sources.length, 1)
})

test('anything else is text', async () => {
  for (const inputs of [[], ['-'], [text], ['owner/name:split'], [folder]])
    assert.is(await readTokenShards(inputs), null)
})

for (const [what, inputs, says] of [
  ['text beside shards', [bare, text], /text.txt: is text beside token shards/],
  ['another version', [file('v2.bin', llmcShard(IDS, { 1: 2 }))], /must be of version 1 \(uint16\), got 2$/],
  [
    'fewer tokens than announced',
    [file('short.bin', llmcShard(IDS, { 2: 9 }))],
    /1024 bytes and 2 for each of 9 tokens, got 1034$/,
  ],
  [
    'more tokens than announced',
    [file('long.bin', llmcShard(IDS, { 2: 4 }))],
    /for each of 4 tokens, got 1034$/,
  ],
  ['a negative count', [file('negative.bin', llmcShard(IDS, { 2: -1 }))], /for each of -1 tokens/],
  [
    'half a token',
    [file('odd.bin', new Uint8Array(5))],
    /odd.bin: must hold tokens of 2 bytes each, got 5 bytes$/,
  ],
  ['nothing', [file('empty.bin', '')], /empty.bin: must hold tokens of 2 bytes each, got 0 bytes$/],
  [
    'a header alone',
    [file('header.bin', llmcShard(IDS).subarray(0, 8))],
    /must be of version 1 \(uint16\), got undefined$/,
  ],
] as const) {
  test(`refuses ${what}`, () => refused(() => readTokenShards(inputs), says))
}

test('refuses an id that the model has no row for', () =>
  refused(
    () => checkTokens(Uint16Array.from(IDS), 50_257, { sources: [{ source: 'val.bin' } as never] }),
    /val.bin: token ids must be below the model's vocabulary of 50257, got 65535 at token 4$/,
  ))

test('tokens of a text stand for that text, and begin where they begin in it', async () => {
  const tokenizer = await loadTokenizer({ kind: 'gpt2' }, 50_257)
  const hard = 'naïve café — 東京 🎉👩‍👩‍👧 \ufffd literal, \n\t tabs'
  for (const whole of [(await sampleText()).slice(0, 20_000), hard]) {
    const tokens = tokenizer.encode(whole)
    const made = tokenText(tokens, tokenizer)
    assert.is(made.text, whole)
    assert.equal(made.starts, tokenStarts(whole, tokens, tokenizer))
  }
})

test('what stands between documents is no text, and a character that is cut off is one', async () => {
  const tokenizer = await loadTokenizer({ kind: 'gpt2' }, 50_257)
  const { text: made, starts } = tokenText(Uint32Array.from([50256, 15496, 50256, 995]), tokenizer)
  assert.is(made, 'Hello world')
  assert.equal([...starts], [0, 0, 5, 5, 11])
  const [first] = tokenizer.encode('東')
  assert.is(tokenText(Uint32Array.of(first, 995), tokenizer).text, '\ufffd world')
})

test.run()
