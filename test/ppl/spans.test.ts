import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { tokenStarts } from '../../src/data/token-starts.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { amountBetween } from '../../src/ppl/spans.js'

const tokenizer = await loadTokenizer(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)), 8192)
const test = suite('words and bytes behind tokens')

const TEXTS: [text: string, words: number][] = [
  ['Two words', 2],
  ['  spaces   everywhere \n\n here\t', 3],
  ['naïve — 日本語 🙂🙂 done', 5],
  ['\ufffd real replacement \ufffd\ufffd', 4],
  ['one<|endoftext|>two three', 2],
  ['\u00a0thin\u2009space\u3000wide', 3],
  ['word', 1],
]
for (const [text, words] of TEXTS) {
  test(JSON.stringify(text), () => {
    const tokens = tokenizer.encode(text)
    const starts = tokenStarts(text, tokens, tokenizer)
    assert.is(starts[0], 0)
    assert.is(starts[tokens.length], text.length)
    assert.ok(starts.every((start, i) => i === 0 || start >= starts[i - 1]))
    const all = amountBetween(text, starts, 0, tokens.length)
    assert.equal(all, { words, bytes: Buffer.byteLength(text) })
    // Cut anywhere, the parts are the whole.
    for (let cut = 0; cut <= tokens.length; cut++) {
      const [a, b] = [amountBetween(text, starts, 0, cut), amountBetween(text, starts, cut, tokens.length)]
      assert.equal({ words: a.words + b.words, bytes: a.bytes + b.bytes }, all, `cut at ${cut}`)
    }
  })
}

test('a start token holds none of the text, nor does a blank that the tokenizer puts before it', async () => {
  const bundled = fileURLToPath(new URL('../../models/asp-tiny/tokenizer.json', import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'asp-spans-'))
  const definition = JSON.parse(await readFile(bundled, 'utf8'))
  const ends = { type: 'RobertaProcessing', cls: ['<|endoftext|>', 8191], sep: ['<|endoftext|>', 8191] }
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...definition, post_processor: ends }))
  await writeFile(join(folder, 'tokenizer_config.json'), '{"add_prefix_space":true}')
  const around = await loadTokenizer(folder, 8192)
  await rm(folder, { recursive: true })
  const text = 'Some words and more'
  const tokens = around.encode(text)
  const starts = tokenStarts(text, tokens, around)
  assert.is(tokens[0], 8191)
  assert.is(tokens[tokens.length - 1], 8191)
  const inner = tokens.subarray(1, -1)
  const pieces = Array.from(inner, (_, i) => text.slice(starts[i + 1], starts[i + 2]))
  assert.equal(
    pieces.map((piece) => piece.trim()),
    Array.from(inner, (one) => around.decode([one]).trim()),
  )
  assert.equal([...starts.subarray(0, 2), ...starts.subarray(-2)], [0, 0, text.length, text.length])
})

test('tokens of the bundled sample begin where their text does', async () => {
  const text = (await sampleText()).slice(0, 20_000)
  const tokens = tokenizer.encode(text)
  const starts = tokenStarts(text, tokens, tokenizer)
  for (let i = 0; i < tokens.length; i += 37) {
    const spelled = tokenizer.decode([tokens[i]])
    if (!spelled.includes('\ufffd')) assert.is(text.slice(starts[i], starts[i + 1]), spelled)
  }
})

test.run()
