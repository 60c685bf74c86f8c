import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { checkOptions, type GenerateOptions, samplingOf } from '../../src/generate/options.js'
import { planJobs } from '../../src/generate/prepare.js'
import { type PromptSource, readPrompts } from '../../src/generate/prompts.js'

const test = suite('prompts')

const folder = mkdtempSync(join(tmpdir(), 'asp-prompts-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function* piped(...parts: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

const read = (source: Partial<PromptSource>) => readPrompts({ stdin: null, ...source })

async function failure(work: () => Promise<unknown> | unknown): Promise<Failure> {
  try {
    await work()
  } catch (error) {
    assert.instance(error, Failure)
    assert.ok((error as Failure).hint, (error as Failure).message)
    return error as Failure
  }
  throw new Error('nothing was thrown')
}

test('an argument, standard input, lines and rows', async () => {
  const lines = file('a.txt', 'One\r\n\n Two \nThree')
  const rows = file('a.jsonl', '{"prompt": "Two\\nlines"}\n{"prompt": "x", "other": 1}\n')
  const cases: [Partial<PromptSource>, (readonly [text: string, from: string])[]][] = [
    [{ prompt: 'Once ' }, [['Once ', 'prompt']]],
    [{ prompt: '-', stdin: piped('On', 'ce\n') }, [['Once', 'standard input']]],
    [{ stdin: piped('One\ntwo\n\n') }, [['One\ntwo\n', 'standard input']]],
    // A character that is cut in two between reads.
    [
      { stdin: piped(Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)) },
      [['é', 'standard input']],
    ],
    [
      { file: '-', stdin: piped('One\nTwo\n') },
      [
        ['One', 'standard input:1'],
        ['Two', 'standard input:2'],
      ],
    ],
    [
      { file: lines },
      [
        ['One', `${lines}:1`],
        [' Two ', `${lines}:3`],
        ['Three', `${lines}:4`],
      ],
    ],
    [
      { file: rows },
      [
        ['Two\nlines', `${rows}:1`],
        ['x', `${rows}:2`],
      ],
    ],
  ]
  for (const [source, expected] of cases) {
    const prompts = await read(source)
    assert.equal(
      prompts.map(({ text, from }) => [text, from]),
      expected,
    )
  }
})

test('what is no prompt', async () => {
  const cases: [Partial<PromptSource>, RegExp][] = [
    [{}, /^prompt: must be given, got none$/],
    [{ stdin: piped('') }, /^standard input: must hold a prompt, got nothing$/],
    [{ stdin: piped(Uint8Array.of(0xff, 0xfe)) }, /^standard input: must be UTF-8/],
    [{ prompt: 'a', file: 'b.txt' }, /^--file b\.txt: takes the place of a prompt/],
    [{ file: join(folder, 'missing.txt') }, /missing\.txt/],
    [{ file: file('empty.txt', '\n\n') }, /empty\.txt: must hold prompts, got none$/],
    [{ file: file('other.jsonl', '{"text": "a"}\n') }, /other\.jsonl.*prompt/],
    [{ file: file('broken.jsonl', '{"prompt": \n') }, /broken\.jsonl/],
  ]
  for (const [source, message] of cases) assert.match((await failure(() => read(source))).message, message)
})

const OPTIONS: GenerateOptions = {
  dtype: 'auto',
  cache: 'paged',
  cacheDtype: 'f32',
  maxTokens: 8,
  n: 1,
  stops: [],
  ignoreEos: false,
  showDrops: false,
  trace: false,
  command: [],
}

test('flags out of their bounds', async () => {
  const cases: [Partial<GenerateOptions>, RegExp][] = [
    [{ maxTokens: 0 }, /^--max-tokens: must be a whole number from 1, got 0$/],
    [{ n: 0 }, /^--n: .* got 0$/],
    [{ batch: 1.5 }, /^--batch-size: .* got 1\.5$/],
    [{ topK: -1 }, /^--top-k: .* got -1$/],
    [{ topP: 0 }, /^--top-p: must be above 0 and at most 1, got 0$/],
    [{ topP: 1.1 }, /^--top-p: /],
    [{ temperature: -0.1 }, /^--temperature: must be a number from 0, got -0\.1$/],
    [{ temperature: Number.POSITIVE_INFINITY }, /^--temperature: /],
    [{ seed: 2 ** 32 }, /^--seed: .* got 4294967296$/],
    [{ stops: ['a', ''] }, /^--stop: must be a text, got an empty one$/],
    [{ layer: 1 }, /^--layer 1: says whose drops are shown, got no --show-drops$/],
  ]
  for (const [change, message] of cases) {
    assert.match((await failure(() => checkOptions({ ...OPTIONS, ...change }))).message, message)
  }
  checkOptions({
    ...OPTIONS,
    topK: 0,
    topP: 1,
    temperature: 0,
    seed: 2 ** 32 - 1,
    batch: 1,
    layer: 0,
    showDrops: true,
  })
})

test('draws are made when something asks for them', () => {
  const greedy = { temperature: 0, topK: 0, topP: 1, seed: 1234 }
  const cases: [Partial<GenerateOptions>, object][] = [
    [{}, greedy],
    [{ topK: 40 }, { ...greedy, temperature: 1, topK: 40 }],
    [{ topP: 0.9 }, { ...greedy, temperature: 1, topP: 0.9 }],
    [{ seed: 7 }, { ...greedy, temperature: 1, seed: 7 }],
    [{ n: 2 }, { ...greedy, temperature: 1 }],
    [{ n: 2, temperature: 0 }, greedy],
    [{ temperature: 0.7 }, { ...greedy, temperature: 0.7 }],
  ]
  for (const [change, expected] of cases) assert.equal(samplingOf({ ...OPTIONS, ...change }), expected)
})

/** A token a character. */
const encode = (text: string): Uint32Array => Uint32Array.from(text, (character) => character.charCodeAt(0))
const prompt = (text: string) => ({ text, from: 'prompts.txt:1' })
const jobOptions = {
  encode,
  nPositions: 10,
  maxTokens: 4,
  n: 1,
  sampling: samplingOf({ ...OPTIONS, seed: 2 ** 32 - 1 }),
}

test('jobs: prompts times samples, seeds in a row, no text longer than the context', () => {
  const jobs = planJobs([prompt('abc'), prompt('abcdefgh')], { ...jobOptions, n: 2 })
  assert.equal(
    jobs.map(({ prompt, sample, sampling, most, end }) => [prompt, sample, sampling.seed, most, end]),
    [
      [0, 0, 2 ** 32 - 1, 4, 'length'],
      [0, 1, 0, 4, 'length'],
      [1, 0, 1, 2, 'context'],
      [1, 1, 2, 2, 'context'],
    ],
  )
  assert.equal([...jobs[0].tokens], [97, 98, 99])
  assert.is(planJobs([prompt('abcdef')], jobOptions)[0].end, 'length')
})

test('prompts without tokens, and prompts that fill the context', async () => {
  const empty = await failure(() => planJobs([prompt('')], jobOptions))
  assert.is(empty.message, 'prompts.txt:1: must be a text, got an empty one')
  const long = await failure(() => planJobs([prompt('abcdefghij')], jobOptions))
  assert.is(
    long.message,
    "prompts.txt:1: must have at most 9 tokens, one less than the model's context, got 10",
  )
  assert.is(planJobs([prompt('abcdefghi')], jobOptions)[0].most, 1)
})

test.run()
