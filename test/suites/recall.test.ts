/** Recall items: exact sizes, one right answer where it is said to be, the same on every machine, whatever the tokenizer. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { Failure } from '../../src/errors.js'
import { makeFiller } from '../../src/suites/recall/filler.js'
import { makeDataset, makeRows } from '../../src/suites/recall/generate.js'
import { DEFAULT_GRID, type RecallGrid } from '../../src/suites/recall/grid.js'
import type { Cell, Counter } from '../../src/suites/recall/item.js'
import { RECALL_TASK_NAMES, RECALL_TASKS, type RecallTaskName } from '../../src/suites/recall/tasks.js'
import { loadSuite } from '../../src/suites/suite.js'

const test = suite('recall items')
const filler = makeFiller(await sampleText(), 'books')
const tiny = await loadTokenizer(new URL('../../models/asp-tiny', import.meta.url).pathname, 8192)
const gpt2 = await loadTokenizer({ kind: 'gpt2' }, 50257)
/** A token a character. */
const letters = (text: string): ArrayLike<number> => Array.from(text, (letter) => letter.codePointAt(0) ?? 0)
const characters: Counter = { encode: letters, encodeBare: letters }
const COUNTERS = [
  ['the tokenizer of asp-tiny', tiny],
  ["GPT-2's own", gpt2],
  ['a token a character', characters],
] as const
const GRID: RecallGrid = { ...DEFAULT_GRID, lengths: [320, 700], depths: [0, 0.5, 1], items: 2 }

interface Row {
  context: string
  other: string
  choices: string[]
  gold: number
  frozen_from?: number[]
  group?: string
  cell: Cell
}

const known = new Map<string, Row[]>()

/** Made once, as most tests look at the same. */
function rowsOf(task: RecallTaskName, counter: Counter = tiny, grid = GRID): Row[] {
  const key = JSON.stringify([task, COUNTERS.findIndex(([, one]) => one === counter), grid])
  const rows =
    known.get(key) ??
    makeRows(task, filler, { grid, counter, nPositions: 1024 }).map(({ value }) => value as unknown as Row)
  known.set(key, rows)
  return rows
}

/** What is compared: a context and what follows it, for each choice. */
function textsOf(task: RecallTaskName, { context, other, choices }: Row): string[] {
  const contexts = 'contexts' in RECALL_TASKS[task] ? [context, other] : choices.map(() => context)
  return contexts.map((one, k) => one + choices[k])
}

const times = (text: string, part: string): number => text.split(part).length - 1

for (const task of RECALL_TASK_NAMES) {
  for (const [name, counter] of COUNTERS) {
    test(`${task}, ${name}: exactly as long as asked for, every choice as long as the others`, () => {
      for (const row of rowsOf(task, counter)) {
        const sizes = textsOf(task, row).map((text) => counter.encode(text).length)
        // Of several queries about one text the last is as long.
        const isLast = row.cell.query === undefined || row.cell.query === GRID.depths.length - 1
        assert.ok(isLast || sizes[0] < row.cell.length)
        assert.equal(
          sizes,
          sizes.map(() => (isLast ? row.cell.length : sizes[0])),
          JSON.stringify(row.cell),
        )
      }
    })
  }

  test(`${task}: the deeper the answer, the nearer; every place of the right choice occurs`, () => {
    const rows = rowsOf(task, tiny, { ...GRID, items: 8 })
    const gold = new Set(rows.map((row) => row.gold))
    assert.is(gold.size, rows[0].choices.length)
    for (const length of [320, 700]) {
      const at = (depth: number): number => {
        const some = rows.filter(({ cell }) => cell.length === length && cell.depth === depth)
        return some.reduce((sum, { cell }) => sum + cell.distance, 0) / some.length
      }
      assert.ok(at(0) > at(0.5) && at(0.5) > at(1), `${length}`)
      assert.ok(at(0) > length / 2 && at(1) < length / 2)
    }
  })

  test(`${task}: an item is the same in any grid, another seed makes another`, () => {
    const all = rowsOf(task)
    // What asks at all depths at once is made for these.
    const depths = 'makeAll' in RECALL_TASKS[task] ? GRID.depths : [0.5]
    const some = rowsOf(task, tiny, { ...GRID, lengths: [700], depths, items: 1 })
    const one = some.filter(({ cell }) => cell.depth === 0.5)
    const same = all.find(({ cell }) => cell.length === 700 && cell.depth === 0.5)
    assert.equal({ ...one[0], idx: 0 }, { ...same, idx: 0 } as never)
    assert.not.equal(rowsOf(task, tiny, { ...GRID, seed: 5 })[0].context, all[0].context)
  })
}

/** How often the right answer is said before it is asked for, and whether the wrong ones are. */
const SAID: Partial<Record<RecallTaskName, { right: number; wrong: number }>> = {
  passkey: { right: 2, wrong: 0 },
  needle: { right: 1, wrong: 0 },
  needle_cloze: { right: 1, wrong: 0 },
  needles: { right: 1, wrong: 1 },
  distractors: { right: 1, wrong: 1 },
  variables: { right: 1, wrong: 1 },
  mqar: { right: 1, wrong: 1 },
  first_mentioned: { right: 1, wrong: 1 },
  last_mentioned: { right: 1, wrong: 1 },
}

test('answers are said as often as the task says, and nowhere else', () => {
  for (const [task, said] of Object.entries(SAID)) {
    for (const { context, choices, gold } of rowsOf(task as RecallTaskName)) {
      const words = context.split(/[^\p{L}\p{N}]+/u)
      const counted = choices.map((choice) => words.filter((word) => word === choice.trim()).length)
      assert.equal(
        counted,
        choices.map((_, k) => (k === gold ? said.right : said.wrong)),
        task,
      )
    }
  }
})

test('a question stands after the text, and of which the policy is aware before it too', () => {
  const [agnostic] = rowsOf('passkey')
  const [online] = rowsOf('passkey', tiny, { ...GRID, question: 'online' })
  const [aware] = rowsOf('passkey', tiny, { ...GRID, question: 'aware' })
  assert.equal(online.context, agnostic.context)
  assert.equal([online.frozen_from, aware.frozen_from], [undefined, undefined])
  assert.is(times(online.context, 'What is the pass key?'), 1)
  assert.is(times(aware.context, 'What is the pass key?'), 2)
  assert.ok(aware.context.startsWith('What is the pass key?\n'))
})

for (const task of RECALL_TASK_NAMES)
  test(`${task}: what is frozen is the question and the answer, to the token`, () => {
    for (const row of rowsOf(task)) {
      for (const [k, text] of textsOf(task, row).entries()) {
        const from = row.frozen_from?.[k] ?? 0
        const [before, after] = [tiny.encode(text).slice(0, from), tiny.encode(text).slice(from)]
        // Every question is on a line of its own, or is a key again; a copy has none, and what is copied is the answer.
        if ('contexts' in RECALL_TASKS[task]) assert.is(tiny.decode(after), row.choices[k])
        else
          assert.match(tiny.decode(after), task === 'mqar' ? /^( \w+: \w+\.){0,2} \w+: \w+$/ : /^\n[^\n]+$/)
        assert.is(tiny.decode(before) + tiny.decode(after), text)
        assert.ok(after.length < 100 && before.length > 200)
      }
    }
  })

test('mqar asks for a pair at each depth, each after those before it were answered', () => {
  const rows = rowsOf('mqar')
  const groups = new Map<string | undefined, Row[]>()
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row])
  assert.is(groups.size, 4)
  for (const queries of groups.values()) {
    assert.equal(
      queries.map(({ cell }) => cell.depth),
      GRID.depths,
    )
    const inOrder = queries.toSorted((a, b) => (a.cell.query ?? 0) - (b.cell.query ?? 0))
    for (const [i, { context, choices, gold, cell }] of inOrder.entries()) {
      assert.is(cell.query, i)
      const key = context.split(' ').at(-1)
      const pair = ` ${key}${choices[gold]}.`
      assert.is(times(context, pair), 1)
      const next = inOrder[i + 1]
      if (next !== undefined) assert.ok(next.context.startsWith(`${context}${choices[gold]}. `))
      const until = context.slice(0, context.indexOf(pair) + pair.length)
      assert.is(cell.distance, tiny.encode(context).length - tiny.encode(until).length)
    }
  }
})

test('the same rows on every machine', async () => {
  const making = { grid: GRID, counter: tiny, nPositions: 1024 }
  const hashes = await Promise.all(
    RECALL_TASK_NAMES.map(
      async (task) => `${task} ${(await makeDataset({ task }, making)).origin.sha256.slice(0, 16)}`,
    ),
  )
  assert.equal(hashes, [
    'passkey c2dc4fdd56d37f03',
    'needle 13cef2e10729bc9f',
    'needle_cloze 626e15378dc36f74',
    'needles 2bea95b23674c5e3',
    'distractors e96bcc973a7a067b',
    'variables 159a862143f8b27a',
    'mqar bb14ad404b04e3ec',
    'first_mentioned b4fce19e87d9bc7f',
    'last_mentioned d564e89a19c002a2',
    'copy_random 423a9efa1fd7d3ce',
    'copy_text 0b1a9543e2d9bfa9',
  ])
})

test('docs/recall.md has every task', () => {
  const page = readFileSync(new URL('../../docs/recall.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  for (const task of RECALL_TASK_NAMES)
    assert.ok(
      rows.some((row) => row.split('|')[1].includes(`\`${task}\``)),
      task,
    )
})

test('a recall suite is a suite of multiple choice', () => {
  const { output, dataset, metrics } = loadSuite('recall_passkey')
  assert.equal(
    [output, dataset.recall, metrics],
    ['multiple_choice', { task: 'passkey' }, ['acc', 'exact_match', 'margin']],
  )
})

test('a suite of one length has the items that the whole grid has there', async () => {
  const making = { grid: GRID, counter: tiny, nPositions: 1024 }
  const all = (await makeDataset({ task: 'needle' }, making)).rows.filter(
    ({ value }) => (value.cell as Cell).length === 700,
  )
  const own = (await makeDataset({ task: 'needle', length: 700 }, making)).rows
  const contexts = (rows: typeof own) => rows.map(({ value }) => value.context)
  assert.equal(contexts(own), contexts(all))
  assert.equal(loadSuite('recall_needle.700').dataset.recall, { task: 'needle', length: 700 })
})

const failsWith = (message: RegExp) => (error: unknown) =>
  error instanceof Failure && message.test(error.message)

test('bad input is told with what is wrong', async () => {
  const make = (grid: Partial<RecallGrid>) => () =>
    makeDataset({ task: 'passkey' }, { grid: { ...GRID, ...grid }, counter: tiny, nPositions: 1024 })
  const rejects: [Partial<RecallGrid>, RegExp][] = [
    [
      { lengths: [2000] },
      /^--length: must be whole numbers of tokens up to the model's context, 1024, got 2000/,
    ],
    [{ lengths: [20] }, /^--length: recall_passkey takes at least \d+ tokens, got 20/],
    [{ depths: [1.5] }, /^--needle-depth: must be shares of the text from 0 to 1, got 1.5/],
    [{ items: 0 }, /^--items: must be a whole number above 0, got 0/],
    [{ filler: 'no-such-file.txt' }, /^no-such-file.txt: no such file or folder/],
  ]
  for (const [grid, message] of rejects) {
    const error = await make(grid)().catch((cause: unknown) => cause)
    assert.ok(failsWith(message)(error), String(error))
  }
  assert.throws(
    () => makeFiller('too few words', 'short.txt'),
    failsWith(/^short.txt: filler must have at least 400 words, got 3/),
  )
})

test.run()
