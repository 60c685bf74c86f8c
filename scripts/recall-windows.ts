/**
 * Windows to train a model on that can look back: books, and between them facts to be found again, pairs, and passages repeated, in the
 * shapes of `asp recall` and in others. Names, numbers and places are drawn anew for every window, so that nothing can be
 * learned by heart.
 *   node --import tsx scripts/recall-windows.ts --books <file.jsonl.gz> ... --tokenizer models/asp-tiny-dense --windows 16384 --out train.bin
 * writes bare uint16 tokens, as nanoGPT's train.bin, each window whole; what `asp finetune --data train.bin --ctx 1024` cuts.
 */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { readDocuments } from '../src/data/text.js'
import { loadTokenizer } from '../src/data/tokenizer.js'
import { type PythonRandom, pythonRandom } from '../src/stats/python-random.js'
import { encodeDocuments } from '../src/train/encode.js'
import { EPISODES, type Episode } from './recall-episodes.js'

const { values: given } = parseArgs({
  options: {
    books: { type: 'string', multiple: true, default: [] },
    tokenizer: { type: 'string', default: 'models/asp-tiny-dense' },
    windows: { type: 'string', default: '16384' },
    ctx: { type: 'string', default: '1024' },
    seed: { type: 'string', default: '1' },
    shares: { type: 'string', default: '0.5,0.28,0.13,0.09' },
    out: { type: 'string' },
  },
})
if (given.out === undefined) throw new Error('--out: name a file')

/** Shares of the windows. */
const [book, facts, copies, pairs] = given.shares.split(',').map(Number)
const KINDS = { book, facts, copies, pairs }

const ctx = Number(given.ctx)
const count = Number(given.windows)
const tokenizer = await loadTokenizer(given.tokenizer, 0x10000)
const { documents } = await readDocuments(given.books)
const stream = await encodeDocuments(documents, tokenizer)
const vocabulary = plainWords(documents)
const encode = (text: string): number[] => [...tokenizer.encodeBare(text)]

const random = pythonRandom(Number(given.seed))
const starts = Array.from({ length: Math.floor(stream.length / ctx) }, (_, i) => i * ctx)
random.shuffle(starts)
let nextStart = 0
const bookWindow = (): number[] => {
  const start = starts[nextStart++ % starts.length]
  return [...stream.subarray(start, start + ctx)]
}

function drawKind(from: PythonRandom): keyof typeof KINDS {
  let left = from.random()
  for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
    left -= KINDS[kind]
    if (left < 0) return kind
  }
  return 'book'
}

const MAKERS: Record<keyof typeof KINDS, () => number[]> = {
  book: bookWindow,
  facts: () => factsWindow(),
  copies: () => (random.random() < 0.4 ? repeatedBlock() : repeatedPassages()),
  pairs: () => pairsWindow(),
}

/** A whole number between two, small ones as likely as large ones by their logarithm. */
function logUniform(least: number, most: number): number {
  return Math.min(most, Math.floor(least * (most / least) ** random.random()))
}

/** Sentences of a few episodes at drawn places, their questions at drawn distances, and a book between. */
function factsWindow(): number[] {
  const events: { at: number; text: string }[] = []
  const wanted = 1 + Math.round((ctx / 1024) * (3 + random.below(10)))
  const used = new Set<Episode>()
  for (let i = 0; i < wanted; i++) {
    const episode = EPISODES[random.below(EPISODES.length)]
    if (episode.once && used.has(episode)) continue
    used.add(episode)
    const { sentences, questions } = episode.make({ random, vocabulary })
    const from = random.below(ctx - 64)
    const span = logUniform(sentences.length * 16, Math.max(sentences.length * 16 + 1, ctx - from))
    const places = sentences.map(() => from + random.below(span)).sort((a, b) => a - b)
    for (const [k, text] of sentences.entries()) events.push({ at: places[k], text: ` ${text}` })
    for (const question of questions) {
      const last = places[places.length - 1]
      events.push({ at: last + logUniform(24, ctx), text: `\n${question}\n` })
    }
  }
  events.sort((a, b) => a.at - b.at)
  const filler = bookWindow()
  const tokens: number[] = []
  let read = 0
  for (const { at, text } of events) {
    if (at >= ctx) break
    while (tokens.length < at) tokens.push(filler[read++])
    tokens.push(...encode(text))
  }
  while (tokens.length < ctx) tokens.push(filler[read++])
  return tokens
}

/** Words in no order, or a stretch of a book. */
function passage(words: number): number[] {
  if (random.random() < 0.5) return encode(` ${randomWords(words).join(' ')}`)
  const start = random.below(stream.length - words)
  return [...stream.subarray(start, start + words)]
}

const randomWords = (n: number): string[] =>
  Array.from({ length: n }, () => vocabulary[random.below(vocabulary.length)])

/** One passage again and again. */
function repeatedBlock(): number[] {
  const block = passage(logUniform(12, ctx / 2))
  const tokens: number[] = []
  while (tokens.length < ctx) tokens.push(...block)
  return tokens
}

/** Passages in a book, each once more at a drawn distance. */
function repeatedPassages(): number[] {
  const events: { at: number; tokens: number[] }[] = []
  for (let i = 0, n = 2 + random.below(8); i < n; i++) {
    const tokens = passage(logUniform(8, 64))
    const at = random.below(ctx - 64)
    events.push({ at, tokens }, { at: at + tokens.length + logUniform(8, ctx), tokens })
  }
  events.sort((a, b) => a.at - b.at)
  const filler = bookWindow()
  const out: number[] = []
  let read = 0
  for (const { at, tokens } of events) {
    if (at >= ctx) break
    while (out.length < at) out.push(filler[read++])
    out.push(...tokens)
  }
  while (out.length < ctx) out.push(filler[read++])
  return out
}

/** Pairs of words, then their keys in another order; few or many, from the beginning or after some of a book. */
function pairsWindow(): number[] {
  const tokens: number[] = random.random() < 0.5 ? bookWindow().slice(0, random.below(ctx / 2)) : []
  while (tokens.length < ctx) {
    const pairs = logUniform(3, 96)
    const words = random.sample(vocabulary, 2 * pairs)
    const said = Array.from({ length: pairs }, (_, i) => `${words[2 * i]}: ${words[2 * i + 1]}.`)
    tokens.push(...encode(` ${said.join(' ')}`))
    random.shuffle(said)
    tokens.push(...encode(`\n${said.join(' ')}\n`))
  }
  return tokens
}

function plainWords(texts: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const text of texts.slice(0, 60))
    for (const [word] of text.matchAll(/(?<![\p{L}\p{N}])\p{Ll}{3,9}(?![\p{L}\p{N}])/gu))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].filter(([, n]) => n >= 20).map(([word]) => word)
}

const file = createWriteStream(given.out)
const made: Record<string, number> = {}
for (let i = 0; i < count; i++) {
  const kind = drawKind(random)
  made[kind] = (made[kind] ?? 0) + 1
  const tokens = MAKERS[kind]().slice(0, ctx)
  if (tokens.length !== ctx) throw new Error(`${kind}: a window of ${tokens.length} tokens`)
  if (!file.write(new Uint8Array(Uint16Array.from(tokens).buffer))) await once(file, 'drain')
}
file.end()
await once(file, 'close')
process.stdout.write(
  `${given.out}: ${count} windows of ${ctx} tokens, ${JSON.stringify(made)}; books: ${stream.length} tokens\n`,
)
