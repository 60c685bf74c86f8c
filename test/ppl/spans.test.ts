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
