/** What a document is shown where examples come from its own split: never its own answer, but where lm-eval shows it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readLocal } from '../../src/suites/dataset.js'
import { readShotPool } from '../../src/suites/fewshot-source.js'
import { parseSuite } from '../../src/suites/suite.js'
import { prepareTask } from '../../src/suites/task.js'
import { workFolder } from '../commands/asp.js'

const test = suite('few-shot from the own split')
const folder = workFolder()
const items = [0, 1, 2].map((i) => ({ q: `Q${i}`, a: [`A${i}`, `B${i}`], g: i % 2 }))
for (const name of ['items.jsonl', 'copy.jsonl'])
  writeFileSync(join(folder, name), items.map((item) => JSON.stringify(item)).join('\n'))
writeFileSync(join(folder, 'others.jsonl'), '{"q": "O", "a": ["P", "R"], "g": 0}\n'.repeat(3))

const encoder = {
  encode: (text: string) => Uint32Array.from(Buffer.from(text)),
  decode: (ids: Uint32Array) => Buffer.from(ids).toString(),
  prefixToken: 256,
}

/** The contexts of the documents, each after two examples. */
async function contexts(dataset: object, fewshotData?: string): Promise<string[]> {
  const asked = parseSuite(
    {
      name: 'mine',
      dataset: { path: 'items.jsonl', columns: { q: 'string', a: 'strings', g: 'index' }, ...dataset },
      output: 'multiple_choice',
      context: '{q}',
      choices: '{a}',
      gold: '{g}',
      metrics: ['acc'],
    },
    join(folder, 'suite.json'),
  )
  const documents = await readLocal(asked, asked.dataset.path ?? '')
  const pool = await readShotPool(asked, documents, { fewshotData }, {})
  const { requests } = prepareTask(asked, documents, encoder as never, 1024, {
    shots: { count: 2, seed: 1234, pool },
  })
  return requests.filter(({ index }) => index === 0).map(({ context }) => context.replaceAll('\n\n', ' | '))
}

/** Python: `[x for x in random.Random(1234).sample(rows, 3) if x != row][:2]`, one generator for all rows. */
const OTHERS = ['Q1 B1 | Q2 A2 | Q0', 'Q0 A0 | Q2 A2 | Q1', 'Q0 A0 | Q1 B1 | Q2']

const OWN: [what: string, dataset: object, fewshotData?: string][] = [
  ['its own split by name', { split: 'test', fewshot: { split: 'test' } }],
  ['its own split by name, of another name', { split: 'dev', fewshot: { split: 'dev' } }],
  ['its own file by path', { split: 'test', fewshot: { split: 'x', path: 'items.jsonl' } }],
  ['a copy of its own file', { split: 'test', fewshot: { split: 'x', path: 'copy.jsonl' } }],
  ['its own file, given', { split: 'test', fewshot: { split: 'train' } }, join(folder, 'items.jsonl')],
  ['its own file, without a split', { fewshot: { split: 'x', path: 'items.jsonl' } }],
]
for (const [what, dataset, fewshotData] of OWN)
  test(what, async () => assert.equal(await contexts(dataset, fewshotData), OTHERS))

test('a document is shown to itself only where the suite says so, as lm-eval does for lambada_openai', async () => {
  const own = await contexts({ split: 'test', fewshot: { split: 'test', includes_itself: true } })
  assert.ok(own.some((context) => /(Q\d) .*\1$/.test(context)))
})

test('another split is drawn from as it is', async () => {
  const [first] = await contexts({ split: 'test', fewshot: { split: 'train', path: 'others.jsonl' } })
  assert.is(first, 'O P | O P | Q0')
})

test.run()
