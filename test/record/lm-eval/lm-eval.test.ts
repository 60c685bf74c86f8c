/** The layout of lm-eval's files against a results file that lm-eval itself wrote (test/fixtures/lm-eval/results.json). */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord, type TaskParts } from '../../../src/record/eval/build.js'
import type { SampleLine } from '../../../src/record/eval/sample-schema.js'
import { writeLmEvalFiles } from '../../../src/record/lm-eval/files.js'
import {
  type LmEvalTask,
  lmEvalDate,
  lmEvalFiles,
  sanitizedModelName,
} from '../../../src/record/lm-eval/lm-eval.js'
import { pythonDumps } from '../../../src/record/lm-eval/python-json.js'
import { hellaswag, recordParts, wikitext } from '../fixture.js'

type Json = { [key: string]: unknown }

const theirs = JSON.parse(
  readFileSync(new URL('../../fixtures/lm-eval/results.json', import.meta.url), 'utf8'),
) as Json

const part = (of: Json, key: string): Json => of[key] as Json

function line(task: string, row: number, index: number, changes: Partial<SampleLine>): SampleLine {
  return {
    task,
    row,
    doc_id: row + 100,
    doc_hash: '',
    index,
    of: 2,
    input_tokens: 3,
    target_tokens: 1,
    logprob: -1,
    greedy: false,
    pairs: 3,
    removed: [0],
    kept: [3],
    gold: null,
    units: {},
    ...changes,
  }
}

/** Two choice documents, the second scored first and its choices out of order, and one rolling of two windows. */
const TASKS: LmEvalTask[] = [
  {
    name: 'wikitext',
    config: { task: 'wikitext' },
    documents: [{ id: 4, doc: { page: 'naïve' }, target: 'naïve', arguments: [['naïve']] }],
    lines: [
      line('wikitext', 0, 0, { logprob: -2.5 }),
      line('wikitext', 0, 1, { logprob: -3.5, metrics: { word_perplexity: [-6, 1] } }),
    ],
  },
  {
    name: 'hellaswag',
    config: { task: 'hellaswag', num_fewshot: 0 },
    documents: [
      {
        id: 0,
        doc: { query: 'q0' },
        target: '1',
        arguments: [
          ['q0', ' a'],
          ['q0', ' b'],
        ],
      },
      {
        id: 9,
        doc: { query: 'q9' },
        target: '0',
        arguments: [
          ['q9', ' c'],
          ['q9', ' d'],
        ],
      },
      {
        id: 11,
        doc: { query: 'never finished' },
        target: '0',
        arguments: [
          ['q', ' c'],
          ['q', ' d'],
        ],
      },
    ],
    lines: [
      line('hellaswag', 1, 1, { logprob: -3, metrics: { acc: 0 } }),
      line('hellaswag', 1, 0, { logprob: -12.5, greedy: true }),
      line('hellaswag', 0, 0, { logprob: -1 }),
      line('hellaswag', 0, 1, { logprob: -0.00001, metrics: { acc: 1 } }),
      line('hellaswag', 2, 0, {}),
    ],
  },
]

const record = buildRecord(recordParts({ tasks: [wikitext, hellaswag], limit: 200 }))
const files = lmEvalFiles(record, TASKS, {
  endOfText: { text: '<|endoftext|>', id: 8191 },
  fewshotSeed: null,
})

const layout = suite("layout of lm-eval's files")

layout('the keys of the results file, in order', () => {
  const known = Object.keys(files.results).filter((key) => files.results[key] !== undefined)
  assert.equal(known, Object.keys(theirs))
  assert.equal(Object.keys(files.results.config as object), Object.keys(part(theirs, 'config')))
})

layout('the keys of a task, in order', () => {
  const [ours, real] = [files.results as Json, theirs].map((of) => part(part(of, 'results'), 'wikitext'))
  const known = Object.keys(real).filter((key) => !key.startsWith('byte'))
  assert.equal(Object.keys(ours), known)
  assert.is(real['word_perplexity_stderr,none'], 'N/A')
  assert.is(ours['word_perplexity_stderr,none'], 'N/A')
})

layout('by task where lm-eval sorts, else as given', () => {
  for (const key of ['configs', 'versions', 'n-shot', 'higher_is_better'])
    assert.equal(Object.keys(files.results[key] as object), ['hellaswag', 'wikitext'], key)
  for (const key of ['results', 'n-samples', 'task_hashes'])
    assert.equal(Object.keys(files.results[key] as object), ['wikitext', 'hellaswag'], key)
})

layout('the same kinds of values, or null for what asp cannot know', () => {
  const unknown = new Set(['tokenizer_pad_token'])
  const kind = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value)
  const written = JSON.parse(JSON.stringify(files.results, unwrapped)) as Json
  for (const [key, value] of Object.entries(theirs)) {
    if (unknown.has(key) || value === null) continue
    if (written[key] !== null) assert.is(kind(written[key]), kind(value), key)
  }
  assert.is(written.transformers_version, 'N/A')
  assert.is(written.lm_eval_version, 'N/A')
})

/** A PythonFloat as the number it stands for. */
function unwrapped(_: string, value: unknown): unknown {
  return value !== null && typeof value === 'object' && Object.keys(value).join() === 'value'
    ? (value as { value: unknown }).value
    : value
}

layout('samples: documents in order, whole ones only, choices in order, responses as text', () => {
  assert.equal(
    files.samples.hellaswag.map(({ doc_id }) => doc_id),
    [0, 9],
  )
  const [first, second] = files.samples.hellaswag
  assert.equal(first.resps, [[['-1.0', 'False']], [['-1e-05', 'False']]])
  assert.equal(second.filtered_resps, [
    ['-12.5', 'True'],
    ['-3.0', 'False'],
  ])
  assert.equal(second.arguments, {
    gen_args_0: { arg_0: 'q9', arg_1: ' c' },
    gen_args_1: { arg_0: 'q9', arg_1: ' d' },
  })
  const [page] = files.samples.wikitext
  assert.equal(page.resps, [['-6.0']])
  assert.equal(page.filtered_resps, ['-6.0'])
  assert.equal(page.arguments, { gen_args_0: { arg_0: 'naïve' } })
})

layout('hashes of a document, by hashlib over json.dumps(doc, indent=2, ensure_ascii=False)', () => {
  const [page] = files.samples.wikitext
  assert.is(page.doc_hash, '3d12f34291c9146026aa26d8d6a49e608ac15a15e87dea12679a5e0e7668439e')
  assert.is(page.prompt_hash, 'f86fd89de87a848a45bfe77708d91a5d2ff48b8e4a4b98af5165af82692f8928')
  assert.is(page.target_hash, page.prompt_hash)
})

/** Keys, their order and what is counted are as lm-eval 0.4.13 wrote them for such a group. */
layout('a group, in every section that lm-eval has it in', () => {
  const other: TaskParts = {
    ...wikitext,
    name: 'lambada_openai',
    metrics: [{ name: 'acc', value: 0.5, stderr: 0.3, higherIsBetter: true }, ...wikitext.metrics],
  }
  const group = { name: 'paper', tasks: ['hellaswag', 'lambada_openai'], metric: 'acc', note: 'mean' }
  const grouped = buildRecord(
    recordParts({ tasks: [hellaswag, other], groups: [{ ...group, weightBySize: false }] }),
  )
  const written = lmEvalFiles(grouped, [], { endOfText: { text: '', id: 0 }, fewshotSeed: null }).results
  const text = (key: string) => JSON.parse(pythonDumps(written[key] ?? null))
  const { paper } = text('groups')
  assert.equal(Object.keys(paper), [
    'alias',
    'name',
    'sample_len',
    'acc,none',
    'acc_stderr,none',
    'sample_count',
  ])
  assert.equal(paper.sample_count, { 'acc,none': 262 })
  assert.is(paper['acc,none'], (0.28924517 + 0.5) / 2)
  assert.equal(text('results').paper, paper)
  assert.equal(text('group_subtasks'), { paper: ['hellaswag', 'lambada_openai'] })
  assert.equal(text('versions'), { hellaswag: 1, lambada_openai: 2, paper: 'N/A' })
  assert.equal(text('n-shot'), { hellaswag: 0, lambada_openai: 0, paper: 0 })
  assert.equal(text('higher_is_better').paper, {
    acc: true,
    acc_norm: true,
    word_perplexity: false,
    bits_per_byte: false,
  })
  assert.equal(Object.keys(text('n-samples')), ['hellaswag', 'lambada_openai'])
  assert.equal(Object.keys(written).slice(0, 3), ['results', 'groups', 'group_subtasks'])
})

layout('names of folders and files', () => {
  assert.is(sanitizedModelName('openai-community/gpt2'), 'openai-community__gpt2')
  assert.is(sanitizedModelName('C:\\models\\"a"|b?*<c>[d]'), 'C__models__a__b__c__d__')
  assert.match(lmEvalDate(new Date(2026, 0, 2, 3, 4, 5, 67)), /^2026-01-02T03-04-05\.067000$/)
})

layout('files of a run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'asp-lm-eval-'))
  try {
    const date = new Date(2026, 10, 23, 18, 59, 25, 742)
    const { results } = await writeLmEvalFiles(folder, 'owner/name', files, date)
    assert.equal(readdirSync(join(folder, 'owner__name')).sort(), [
      'results_2026-11-23T18-59-25.742000.json',
      'samples_hellaswag_2026-11-23T18-59-25.742000.jsonl',
      'samples_wikitext_2026-11-23T18-59-25.742000.jsonl',
    ])
    const text = readFileSync(results, 'utf8')
    assert.match(text, /^\{\n {2}"results": \{\n {4}"wikitext": \{\n {6}"name": "wikitext",/)
    // Whole floats keep their point, counts have none, and nothing is escaped.
    assert.match(text, '"limit": 200.0')
    assert.match(text, '"wikitext": 2.0')
    assert.match(text, '"sample_len": 62,')
    const samples = readFileSync(
      join(folder, 'owner__name', 'samples_wikitext_2026-11-23T18-59-25.742000.jsonl'),
      'utf8',
    )
    assert.match(
      samples,
      /^\{"doc_id": 4, "doc": \{"page": "naïve"\}, .*"word_perplexity": \[-6\.0, 1\]\}\n$/,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

layout('a folder that cannot be made is told in one line', async () => {
  const file = new URL('../../fixtures/lm-eval/results.json', import.meta.url).pathname
  try {
    await writeLmEvalFiles(file, 'name', files, new Date())
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /^\S+results\.json\/name: lm-eval's files cannot be written there/)
  }
})

layout.run()
