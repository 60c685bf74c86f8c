/** The harness of docs/reliability.md: a seed makes the same files again, and what breaks a promise is noticed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeSafetensors } from '../../src/data/safetensors.js'
import { Failure } from '../../src/errors.js'
import { minimise } from '../../torture/readers/minimise.js'
import { type Form, mutate } from '../../torture/readers/mutate.js'
import { Random } from '../../torture/readers/random.js'
import type { Target } from '../../torture/readers/target.js'
import { Tries } from '../../torture/readers/try.js'
import { rewriteTable } from '../../torture/table.js'
import { workFolder } from '../commands/asp.js'
import { tinyTensors } from '../data/tiny-checkpoint.js'

const folder = workFolder()
const test = suite('torture of readers')

const JSON_TEXT = '{"a":[1,2.5,{"b":"c","d":null}],"e":true,"f":{"g":"h i j"}}'
const FILES: Record<Form, Buffer> = {
  json: Buffer.from(JSON_TEXT),
  jsonl: Buffer.from(`${JSON_TEXT}\n${JSON_TEXT}\n`),
  text: Buffer.from('One line, 12 words.\nAnother: a=b\n'),
  gzip: gzipSync(JSON_TEXT),
  safetensors: Buffer.from(encodeSafetensors(new Map([...tinyTensors()].slice(0, 3)))),
  parquet: Buffer.concat([
    Buffer.from('PAR1'),
    Buffer.alloc(300, 7),
    Buffer.from([40, 0, 0, 0, 80, 65, 82, 49]),
  ]),
}

for (const [form, file] of Object.entries(FILES) as [Form, Buffer][])
  test(`${form}: a seed and a number make the same file again, others make others`, () => {
    const made = (seed: number, number: number): string =>
      mutate(file, form, new Random(seed, form, number)).toString('latin1')
    const before = file.toString('latin1')
    const numbers = Array.from({ length: 200 }, (_, number) => number)
    const some = numbers.map((number) => made(7, number))
    assert.equal(
      numbers.map((number) => made(7, number)),
      some,
    )
    assert.is(file.toString('latin1'), before, 'the file itself is left as it is')
    assert.ok(new Set(some).size > 60, `${new Set(some).size} different files of 200`)
    assert.ok(numbers.filter((number) => made(8, number) !== some[number]).length > 100)
  })

const WHOLE = '{"figure":1.5}'

/** A reader of `{"figure": number}` with something planted in it. */
const reader = (read: (figure: unknown) => ReturnType<Target['read']>, text = WHOLE): Target => ({
  name: 'planted',
  cases: () => [{ files: { 'a.json': text }, changed: 'a.json', form: 'json' }],
  async read(at) {
    const value = JSON.parse(readFileSync(join(at, 'a.json'), 'utf8'))
    return read(value.figure)
  },
  compare: (figures, original) => (figures === original ? null : 'other figures'),
})

const isWhole = (figure: unknown): boolean => figure === 1.5

const PLANTED: [what: string, read: Parameters<typeof reader>[0], fault: RegExp | null][] = [
  [
    'nothing',
    (figure) => {
      if (!isWhole(figure)) throw new Failure(`a.json: must have a figure, got ${JSON.stringify(figure)}`)
      return { shown: ['1.5'], figures: 1.5 }
    },
    null,
  ],
  [
    'an error that is no Failure',
    (figure) => ({ figures: (figure as number).toFixed(1) && 1.5 }),
    /^unexpected: /,
  ],
  [
    'a figure that is none',
    (figure) => ({ shown: [`value ${isWhole(figure) ? 1.5 : Number.NaN}`], figures: 1.5 }),
    /^NaN in what is shown/,
  ],
  ['another figure than was logged', (figure) => ({ figures: figure }), /^other figures$/],
  [
    'what a terminal obeys',
    (figure) => ({ shown: [isWhole(figure) ? '' : '\u001b]0;title\u0007'], figures: 1.5 }),
    /^control characters in what is shown/,
  ],
  [
    'an exit code that is none of bad input',
    (figure) => {
      if (!isWhole(figure)) throw new Failure('a.json: is wrong', { exit: 1 })
      return { figures: 1.5 }
    },
    /^exit code 1 for bad input/,
  ],
  [
    'memory',
    (figure) => {
      if (!isWhole(figure)) Buffer.alloc(400 * 2 ** 20, 1)
      return { figures: 1.5 }
    },
    /^took \d+ MiB of memory$/,
  ],
]
for (const [what, read, expected] of PLANTED)
  test(`planted: ${what}`, async () => {
    const target = reader(read)
    const tries = new Tries([target], join(folder, 'tries'), 1)
    const { original } = await tries.input(target, 0)
    assert.is(await tries.judge(target, original, Buffer.from(WHOLE)), null)
    const fault = await tries.judge(target, original, Buffer.from('{"figure":null}'))
    if (expected === null) assert.is(fault, null)
    else assert.match(fault ?? 'none', expected)
  })

test('a file as it should be that is refused is the fault of the harness', async () => {
  const target = reader(() => {
    throw new Failure('a.json: is refused')
  })
  await new Tries([target], join(folder, 'tries'), 1).run(target, 0).then(
    () => assert.unreachable(),
    ({ message }: Error) => assert.match(message, /^planted: a\.json as it should be: a\.json: is refused$/),
  )
})

test('of a file that breaks a promise only what breaks it is kept', async () => {
  const file = Buffer.from(`${'x'.repeat(500)}bad${'y'.repeat(700)}`)
  const smallest = await minimise(file, async (smaller) => smaller.includes('bad'))
  assert.is(smallest.toString(), 'bad')
})

test('the table of a part is put in its place, and others are left', () => {
  const page = join(folder, 'page.md')
  const places = ['readers', 'kills'].map(
    (part) => `<!-- torture: ${part} -->\nold\n<!-- torture: end of ${part} -->`,
  )
  writeFileSync(page, `# Page\n\n${places.join('\n\n')}\n`)
  const broken = [{ again: '--try 1', what: 'this' }]
  const row = { target: 'a', how: 'b', tries: 1200, broken }
  const none = { target: 'a', how: 'b', tries: 300, broken: [] }
  rewriteTable(page, [
    { seed: 6, rows: { readers: [none] } },
    { seed: 7, rows: { readers: [row] } },
  ])
  const [, readers, kills] = readFileSync(page, 'utf8').split('<!-- torture: ')
  assert.match(readers + kills, /Seeds 6, 7: 1,500 tries, 1 broken\.\n\n\| target /)
  assert.ok(
    readFileSync(page, 'utf8').endsWith('<!-- torture: kills -->\nold\n<!-- torture: end of kills -->\n'),
  )
  assert.throws(() => rewriteTable(page, [{ seed: 7, rows: { hub: [] } }]), /must have <!-- torture: hub -->/)
})

test.run()
