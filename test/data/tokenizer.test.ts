import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer, type Tokenizer } from '../../src/data/tokenizer.js'
import { Failure } from '../../src/errors.js'

const BUNDLED = join(import.meta.dirname, '../../models/asp-tiny')
/** Texts and ids by Python's tokenizers 0.23.3 from the same tokenizer.json. */
const EXPECTED = join(import.meta.dirname, '../fixtures/tokenizer/asp-tiny.jsonl')
const V = 8192

interface Context {
  folder: string
  rows: { text: string; ids: number[] }[]
  definition: { model: { vocab: Record<string, number>; merges: string[] } }
}

const tokenizer = suite<Context>('tokenizer')

tokenizer.before(async (context) => {
  const lines = (await readFile(EXPECTED, 'utf8')).trim().split('\n')
  context.rows = lines.map((line) => JSON.parse(line))
  context.definition = JSON.parse(await readFile(join(BUNDLED, 'tokenizer.json'), 'utf8'))
})
tokenizer.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'asp-tokenizer-'))
})
tokenizer.after.each((context) => rm(context.folder, { recursive: true, force: true }))

function checkRows(actual: Tokenizer, { rows }: Context): void {
  for (const { text, ids } of rows) {
    assert.equal([...actual.encode(text)], ids, JSON.stringify(text))
    assert.is(actual.decode(ids), text)
  }
}

tokenizer('gives the ids of the Python library', async (context) => {
  const actual = await loadTokenizer(BUNDLED, V)
  checkRows(actual, context)
  assert.instance(actual.encode('a'), Uint32Array)
  assert.is(actual.prefixToken, 8191)
  assert.is(actual.vocabSize, V)
  assert.match(actual.sha256, /^[0-9a-f]{64}$/)
})

tokenizer('gives the same ids from vocab.json and merges.txt', async (context) => {
  const { model } = context.definition
  await writeFile(join(context.folder, 'vocab.json'), JSON.stringify(model.vocab))
  await writeFile(join(context.folder, 'merges.txt'), `#version: 0.2\n${model.merges.join('\n')}\n`)
  const actual = await loadTokenizer(context.folder, V)
  checkRows(actual, context)
  assert.is(actual.prefixToken, 8191)
})

const PREFIXES: { config: Record<string, unknown>; id: number }[] = [
  { config: {}, id: 8191 },
  { config: { bos_token: null, eos_token: '!' }, id: 0 },
  { config: { bos_token: { content: '"' }, eos_token: '!' }, id: 1 },
]
for (const { config, id } of PREFIXES) {
  tokenizer(`prefix token of ${JSON.stringify(config)}`, async ({ folder }) => {
    await cp(join(BUNDLED, 'tokenizer.json'), join(folder, 'tokenizer.json'))
    await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
    assert.is((await loadTokenizer(folder, V)).prefixToken, id)
  })
}

/** asp-tiny's tokenizer with changes; other files as they are given. */
async function changed(
  { folder, definition }: Pick<Context, 'folder' | 'definition'>,
  change: Record<string, unknown>,
  others: Record<string, unknown> = {},
): Promise<void> {
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...definition, ...change }))
  for (const [name, content] of Object.entries(others)) {
    await writeFile(join(folder, name), JSON.stringify(content))
  }
}

const token = (id: number, content: string) => ({ id, content, special: true, normalized: false })
const END = token(8191, '<|endoftext|>')

tokenizer('a token past the vocabulary only matters in a text that has it', async (context) => {
  await changed(context, { added_tokens: [END, token(8192, '[PAD]')] })
  const padded = await loadTokenizer(context.folder, V)
  checkRows(padded, context)
  assert.throws(
    () => padded.encode('a [PAD] b'),
    (error: Failure) =>
      error instanceof Failure && /below .* 8192, got 8192 for "\[PAD\]"/.test(error.message),
  )
})

tokenizer('a word without a token is refused where nothing stands for unknown ones', async (context) => {
  const model = { type: 'WordLevel', vocab: { hi: 0, '<|endoftext|>': 1 }, unk_token: '[UNK]' }
  await changed(context, { model, added_tokens: [], pre_tokenizer: { type: 'WhitespaceSplit' } })
  const words = await loadTokenizer(context.folder, 2)
  assert.equal([...words.encode('hi hi')], [0, 0])
  assert.throws(
    () => words.encode('hi there'),
    (error: Failure) => error instanceof Failure && /no token stands for "there"/.test(error.message),
  )
})

tokenizer('the hash is that of the file, unless another file changes ids', async (context) => {
  const hash = async (change: Record<string, unknown>, others: Record<string, unknown>) => {
    await changed(context, change, others)
    const { sha256 } = await loadTokenizer(context.folder, V + 9)
    for (const name of Object.keys(others)) await rm(join(context.folder, name))
    return sha256
  }
  const file = JSON.stringify(context.definition)
  const alone = createHash('sha256').update(file).digest('hex')
  assert.is(await hash({}, {}), alone)
  assert.is(
    await hash({}, { 'tokenizer_config.json': { model_max_length: 12, add_prefix_space: false } }),
    alone,
  )
  const others = [
    { 'tokenizer_config.json': { add_prefix_space: true } },
    { 'tokenizer_config.json': { bos_token: '!' } },
    { 'tokenizer_config.json': { split_special_tokens: true } },
    { 'added_tokens.json': { '<|sep|>': 8192 } },
    { 'added_tokens.json': { '<|pad|>': 8192 } },
    { 'special_tokens_map.json': { pad_token: '<|sep|>' } },
  ]
  const hashes = [alone]
  for (const files of others) hashes.push(await hash({}, files))
  assert.is(new Set(hashes).size, others.length + 1)
})

tokenizer('an expression that never ends is stopped', async (context) => {
  const split = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false }
  const config = { tokenizer_class: 'PreTrainedTokenizerFast' }
  await changed(context, { pre_tokenizer: split }, { 'tokenizer_config.json': config })
  const slow = await loadTokenizer(context.folder, V)
  assert.is(slow.decode(slow.encode('aaa')), 'aaa')
  assert.throws(
    () => slow.encode(`${'a'.repeat(60)}!`),
    (error: Failure) =>
      error instanceof Failure && /expression "\(a\+\)\+\$" did not end within 5 s/.test(error.message),
  )
})

type Write = (folder: string, definition: Context['definition']) => Promise<unknown>

const BROKEN: { what: string; write: Write; vocab?: number; says: RegExp }[] = [
  { what: 'no files', write: async () => {}, says: /no tokenizer.json, and no vocab.json with merges.txt/ },
  {
    what: 'ids past the vocabulary',
    write: (folder) => cp(join(BUNDLED, 'tokenizer.json'), join(folder, 'tokenizer.json')),
    vocab: 8191,
    says: /ids must be below the model's vocabulary of 8191, got 8191 for "<\|endoftext\|>"/,
  },
  {
    what: 'not JSON',
    write: (folder) => writeFile(join(folder, 'tokenizer.json'), '{"model"'),
    says: /tokenizer.json: not valid JSON/,
  },
  {
    what: 'no vocabulary',
    write: (folder) => writeFile(join(folder, 'tokenizer.json'), '{"model": {}}'),
    says: /must have model.vocab/,
  },
  {
    what: 'unknown parts',
    write: (folder, definition) =>
      writeFile(
        join(folder, 'tokenizer.json'),
        JSON.stringify({ ...definition, pre_tokenizer: { type: 'Odd' } }),
      ),
    says: /not a tokenizer that can be loaded/,
  },
  {
    what: 'a normalizer that asp does not have',
    write: (folder, definition) =>
      writeFile(
        join(folder, 'tokenizer.json'),
        JSON.stringify({ ...definition, pre_tokenizer: null, normalizer: { type: 'Precompiled' } }),
      ).then(() =>
        writeFile(join(folder, 'tokenizer_config.json'), '{"tokenizer_class":"PreTrainedTokenizerFast"}'),
      ),
    says: /not a tokenizer that can be loaded, got unknown normalizer "Precompiled"/,
  },
  {
    what: 'two files of a class that needs one',
    write: async (folder, { model }) => {
      await writeFile(join(folder, 'vocab.json'), JSON.stringify(model.vocab))
      await writeFile(join(folder, 'merges.txt'), '')
      await writeFile(join(folder, 'tokenizer_config.json'), '{"tokenizer_class":"LlamaTokenizer"}')
    },
    says: /a LlamaTokenizer needs tokenizer.json/,
  },
  {
    what: 'two files of a class that is no name',
    write: async (folder, { model }) => {
      await writeFile(join(folder, 'vocab.json'), JSON.stringify(model.vocab))
      await writeFile(join(folder, 'merges.txt'), '')
      await writeFile(join(folder, 'tokenizer_config.json'), '{"tokenizer_class":{"a":1}}')
    },
    says: /a \{"a":1\} needs tokenizer.json/,
  },
  {
    what: 'a merge of three tokens',
    write: async (folder, { model }) => {
      await writeFile(join(folder, 'vocab.json'), JSON.stringify(model.vocab))
      await writeFile(join(folder, 'merges.txt'), 'a b c\n')
    },
    says: /merges.txt: each line must hold two tokens, got "a b c"/,
  },
  {
    what: 'merges that are no UTF-8',
    write: async (folder, { model }) => {
      await writeFile(join(folder, 'vocab.json'), JSON.stringify(model.vocab))
      await writeFile(join(folder, 'merges.txt'), Buffer.from('a b\nc \xe9\n', 'latin1'))
    },
    says: /merges.txt: must be UTF-8, got other bytes/,
  },
  {
    what: 'a normalizer whose type is no name',
    write: (folder, definition) =>
      changed(
        { folder, definition },
        { normalizer: { type: {} } },
        { 'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast' } },
      ),
    says: /got unknown normalizer \{\}/,
  },
  {
    what: 'an added token of a length that no expression finds',
    write: (folder, definition) =>
      changed({ folder, definition }, { added_tokens: [token(8191, '\u{1f600}'.repeat(70_000)), END] }),
    says: /not a tokenizer that can be loaded, got Invalid regular expression: /,
  },
  {
    what: 'an id that is no number',
    write: (folder, definition) => {
      const model = { ...definition.model, vocab: { a: { b: 1 } } }
      return writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...definition, model }))
    },
    says: /token "a" must have a whole number as its id, got \{"b":1\}/,
  },
  {
    what: 'no start token',
    write: async (folder) => {
      await writeFile(join(folder, 'vocab.json'), '{"a": 0}')
      await writeFile(join(folder, 'merges.txt'), '')
    },
    says: /no start token/,
  },
]
for (const { what, write, vocab = V, says } of BROKEN) {
  tokenizer(`refuses ${what}`, async ({ folder, definition }) => {
    await write(folder, definition)
    try {
      await loadTokenizer(folder, vocab)
    } catch (error) {
      assert.instance(error, Failure)
      const { message, hint, exit } = error as Failure
      assert.match(message, says)
      assert.not.match(message, '\n')
      assert.ok(hint)
      assert.is(exit, 2)
      return
    }
    assert.unreachable('must fail')
  })
}

tokenizer.run()
