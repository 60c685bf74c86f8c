/** Recall items: exact sizes, one right answer where it is said to be, the same on every machine, whatever the tokenizer. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { Failure } from '../../src/errors.js'
import { type Filler, makeFiller } from '../../src/suites/recall/filler.js'
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
const GRID: RecallGrid = { ...DEFAULT_GRID, lengths: [320, 700], depths: [0, 0.5, 1], items: 2 }

interface Row {
  context: string
  other: string
  choices: string[]
  gold: number
  cell: Cell
}

function rowsOf(task: RecallTaskName, counter: Counter = tiny, grid = GRID, from: Filler = filler): Row[] {
  return makeRows(task, from, { grid, counter, nPositions: 1024 }).map(({ value }) => value as unknown as Row)
}

/** What is compared: a context and what follows it, for each choice. */
function textsOf(task: RecallTaskName, { context, other, choices }: Row): string[] {
  const contexts = 'contexts' in RECALL_TASKS[task] ? [context, other] : choices.map(() => context)
  return contexts.map((one, k) => one + choices[k])
}

const times = (text: string, part: string): number => text.split(part).length - 1

for (const task of RECALL_TASK_NAMES) {
  for (const [name, counter] of [
    ['the tokenizer of asp-tiny', tiny],
    ["GPT-2's own", gpt2],
    ['a token a character', characters],
  ] as const) {
    test(`${task}, ${name}: exactly as long as asked for, every choice as long as the others`, () => {
      for (const row of rowsOf(task, counter)) {
        const sizes = textsOf(task, row).map((text) => counter.encode(text).length)
        assert.equal(
          sizes,
          sizes.map(() => row.cell.length),
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
    const one = rowsOf(task, tiny, { ...GRID, lengths: [700], depths: [0.5], items: 1 })
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

test('a question that is seen stands before the text and after it', () => {
  const [hidden] = rowsOf('passkey')
  const [seen] = rowsOf('passkey', tiny, { ...GRID, question: 'seen' })
  assert.is(times(hidden.context, 'What is the pass key?'), 1)
  assert.is(times(seen.context, 'What is the pass key?'), 2)
  assert.ok(seen.context.startsWith('What is the pass key?\n'))
})

test('the same rows on every machine', async () => {
  const making = { grid: GRID, counter: tiny, nPositions: 1024 }
  const hashes = await Promise.all(
    RECALL_TASK_NAMES.map(
      async (task) => `${task} ${(await makeDataset({ task }, making)).origin.sha256.slice(0, 16)}`,
    ),
  )
  assert.equal(hashes, [
    'passkey 98c9e81a9ceeaa2d',
    'needle c7193d1d0014151b',
    'needle_cloze 5c852eab6d00e551',
    'needles 0986855d7660af0e',
    'distractors d0fe62354e762465',
    'variables cc4bd9aa19c0642d',
    'mqar 2bc3983c7072ff27',
    'first_mentioned cc3170cfa719301a',
    'last_mentioned 9a36c35d374b73b7',
    'copy_random e957ef772d540549',
    'copy_text d5b272e6807e6f9e',
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
