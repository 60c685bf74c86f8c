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
    what: 'a merge of three tokens',
    write: async (folder, { model }) => {
      await writeFile(join(folder, 'vocab.json'), JSON.stringify(model.vocab))
      await writeFile(join(folder, 'merges.txt'), 'a b c\n')
    },
    says: /merges.txt: each line must hold two tokens, got "a b c"/,
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
