/** A damaged or foreign record gets the same line and exit code from every command that reads records. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readText } from '../../src/data/text.js'
import { RECORDS } from '../report/records-fixture.js'
import { asp, workFolder } from './asp.js'

const folder = workFolder()
const RUN = join(folder, 'run')
const FILE = join(RUN, 'train.json')
const SAMPLE = '--data sample --limit 1 --quiet --resume'.split(' ')

/** Every way to have a record read; the file is where all of them look for it. */
const READERS: Record<string, string[]> = {
  report: ['report', FILE, '-o', join(folder, 'page.html')],
  'compare, the base': ['compare', FILE, FILE],
  merge: ['merge', FILE],
  'eval --resume': ['eval', 'copa', ...SAMPLE, '-o', FILE],
  'sweep --resume': [
    'sweep',
    'copa',
    '--policy',
    'h2o',
    '--sparsity',
    '0.5',
    '--parts',
    'eval',
    ...SAMPLE,
    '-o',
    FILE,
  ],
  'train --resume': ['train', '--config', join(folder, 'tiny.json'), '--resume', '--quiet'],
}

const { text } = await readText([])
writeFileSync(join(folder, 'text.txt'), text.slice(0, 6_000))
writeFileSync(
  join(folder, 'tiny.json'),
  JSON.stringify({
    model: { layers: 1, width: 64, positions: 32, tokenizer: 'asp-tiny' },
    data: join(folder, 'text.txt'),
    output: RUN,
    steps: 1,
    ctx: 32,
    batch_tokens: 32,
    held_out: 1,
  }),
)

const test = suite('damaged records')

/** What each of the commands says of a file with this text. */
async function lines(text: string, readers: readonly string[]): Promise<[string, number | null, string][]> {
  mkdirSync(RUN, { recursive: true })
  writeFileSync(FILE, text)
  const ask = async (reader: string): Promise<[string, number | null, string]> => {
    const { status, stdout, stderr } = await asp(folder, READERS[reader])
    assert.is(stdout, '', reader)
    return [reader, status, stderr]
  }
  // Of two that would write into the file at once, one would be refused for that.
  const isWriter = (reader: string): boolean =>
    READERS[reader].at(-1) === FILE && READERS[reader].includes('-o')
  const told = await Promise.all(readers.filter((reader) => !isWriter(reader)).map(ask))
  for (const reader of readers.filter(isWriter)) told.push(await ask(reader))
  assert.is(readFileSync(FILE, 'utf8'), text, 'the file is left as it is')
  return told
}

function allSay(told: readonly [string, number | null, string][], message: string): void {
  for (const [reader, status, stderr] of told) {
    assert.is(status, 2, `${reader}: ${stderr}`)
    assert.ok(stderr.startsWith(`error: ${FILE}: ${message}; hint: `), `${reader}: ${stderr}`)
    assert.is(stderr, told[0][2], reader)
    assert.is(stderr.trimEnd().split('\n').length, 1, reader)
  }
}

test('a training to resume', async () => {
  const { status, stderr } = await asp(
    folder,
    READERS['train --resume'].filter((word) => word !== '--resume'),
  )
  assert.is(status, 0, stderr)
})

const FOREIGN: [what: string, text: string, message: string][] = [
  ['a record that was cut short', JSON.stringify(RECORDS['dense.json']).slice(0, 400), 'not JSON'],
  ['JSON of others', '{"results": {}}', 'not a record of asp, it has no schema'],
  ['a name that every object has', '{"schema":"toString"}', 'not a record of asp, its schema is "toString"'],
  [
    'a log of samples',
    '{"task":"copa","row":0,"doc_id":0}\n{"task":"copa","row":0,"doc_id":0}\n',
    'not a record but lines of JSON, as logs have them',
  ],
  [
    'a later version',
    JSON.stringify({ ...RECORDS['dense.json'], schema: 'asp.result/2' }),
    'of another version of asp, its schema is "asp.result/2", and this one reads asp.result/1',
  ],
]
for (const [what, text, message] of FOREIGN)
  test(`${what}: the same line from all`, async () =>
    allSay(await lines(text, Object.keys(READERS)), message))

/** A copy with one thing changed. */
function changed<R>(record: R, change: (copy: R) => void): string {
  const copy = structuredClone(record)
  change(copy)
  return JSON.stringify(copy)
}

const EVAL_READERS = ['report', 'compare, the base', 'merge', 'eval --resume']
const DAMAGED: [what: string, text: string, readers: string[], message: string][] = [
  [
    'an evaluation without a key',
    changed(RECORDS['dense.json'], ({ tasks }) =>
      Reflect.deleteProperty(tasks.hellaswag.per_document, 'metrics'),
    ),
    EVAL_READERS,
    'not a whole asp.result/1 record: tasks.hellaswag.per_document.metrics is missing',
  ],
  [
    'an evaluation with a word for a number',
    changed(RECORDS['dense.json'], (record) => Object.assign(record.sparsity, { achieved: 'much' })),
    EVAL_READERS,
    'not a whole asp.result/1 record: sparsity.achieved must be number, got "much"',
  ],
  [
    'a sweep with a damaged part',
    changed(RECORDS['sweep.json'], ({ cells }) => Object.assign(cells[0].eval ?? {}, { model: null })),
    ['report', 'compare, the base', 'sweep --resume'],
    'not a whole asp.sweep/1 record: cells[0].eval.model must be object, got null',
  ],
  [
    'a training without its last key',
    changed(RECORDS['train.json'], (record) => Reflect.deleteProperty(record, 'command')),
    ['report', 'train --resume'],
    'not a whole asp.train/1 record: command is missing',
  ],
]
for (const [what, text, readers, message] of DAMAGED)
  test(`${what}: the same line from all that read one`, async () =>
    allSay(await lines(text, readers), message))

test('a record of another kind is named, with what is needed', async () => {
  const [[, status, stderr]] = await lines(JSON.stringify(RECORDS['ppl.json']), ['merge'])
  assert.is(status, 2)
  assert.ok(
    stderr.startsWith(`error: ${FILE}: must be a record of asp eval, got one of asp ppl (asp.ppl/1); hint: `),
    stderr,
  )
})

test.run()
