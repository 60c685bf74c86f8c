import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildRecord, type RecordParts } from '../../src/record/eval/build.js'
import { renderEval } from '../../src/report/eval-table.js'
import { hellaswag, recordParts, wikitext } from '../record/fixture.js'

const test = suite('table of scores')
const render = (changes: Partial<RecordParts> = {}): string => renderEval(buildRecord(recordParts(changes)))
const dense = { name: 'dense', parameters: {}, threshold_shift: null, calibration: null } as const
const model = recordParts().model

test('a whole report', () => {
  assert.fixture(
    render({ tasks: [hellaswag, wikitext] }),
    `
┌───────────┬─────────┬────────┬─────────────────┬───┬─────────┬───┬────────┬──────────────────┬───────────┬──────────┬────────┬────────┬────────┐
│ Tasks     │ Version │ n-shot │ Metric          │   │   Value │   │ Stderr │ 95 %             │  Sparsity │ Sparsity │     KV │     KV │ Tokens │
│           │         │        │                 │   │         │   │        │ interval         │ requested │ achieved │        │   peak │   kept │
├───────────┼─────────┼────────┼─────────────────┼───┼─────────┼───┼────────┼──────────────────┼───────────┼──────────┼────────┼────────┼────────┤
│ hellaswag │       1 │      0 │ acc             │ ↑ │  0.2892 │ ± │ 0.0045 │ 0.2308 to 0.3556 │       0.8 │   0.8000 │ 0.2157 │ 0.3000 │   18 % │
│           │         │        │ acc_norm        │ ↑ │  0.3114 │ ± │ 0.0046 │ 0.2513 to 0.3786 │           │          │        │        │        │
│ wikitext  │       2 │      0 │ word_perplexity │ ↓ │ 37.3698 │ ± │    N/A │                  │       0.8 │ 0.5500 * │ 0.4511 │ 0.6000 │   29 % │
│           │         │        │ bits_per_byte   │ ↓ │  0.9769 │ ± │    N/A │                  │           │          │        │        │        │
└───────────┴─────────┴────────┴─────────────────┴───┴─────────┴───┴────────┴──────────────────┴───────────┴──────────┴────────┴────────┴────────┘
Data       hellaswag: bundled sample, 200 of 10042 (Rowan/hellaswag, validation)
Data       wikitext: Hub dataset, all 62 (EleutherAI/wikitext_document_level@bbbbbbbb, test)
Model      asp-tiny (bundled), 4.61 M parameters, 2 layers, f32 (stored f16)
Policy     adaptive, propagate_in_depth false, threshold shift -1.2500, found on 32 requests in 2 evaluations
Marked *   more than 0.01 from the requested 0.8: wikitext 0.550; it is reached over all suites together
Sparsity   requested 0.8, achieved 0.5569 of causal pairs
KV         footprint 0.4444, peak 0.3818 (mean of requests; largest 0.7500), of a full cache
Per layer  0.51 0.61
Kept       94,000 of 360,000 tokens alive after the last row, mean over layers
Adapter    llvmpipe (LLVM 19.1.7, 256 bits), vulkan, software; Dawn 0.6.2
Time       19.9 s: load 0.51 s, calibrate 3.21 s, score 16.0 s; 22,500 tokens/s, 68.8 requests/s
Memory     GPU peak 100 MiB: weights 17.6 MiB, activations 76.3 MiB, cache 0 bytes`.trim(),
  )
})

test('for programs every row says what it is of', () => {
  const record = buildRecord(recordParts({ tasks: [hellaswag, wikitext] }))
  const starts = { csv: ',', tsv: '\t' } as const
  for (const [form, comma] of Object.entries(starts)) {
    const rows = renderEval(record, { form: form as 'csv' | 'tsv' })
      .split('\n')
      .slice(1)
    assert.equal(
      rows.map((row) => row.split(comma).slice(0, 4).join(' ')),
      [
        'hellaswag 1 0 acc',
        'hellaswag 1 0 acc_norm',
        'wikitext 2 0 word_perplexity',
        'wikitext 2 0 bits_per_byte',
      ],
    )
  }
})

test('rows of the vocabulary that no token has are told once', () => {
  const text = render({
    model: { ...model, padded_rows: 47, config: { ...model.config, vocab_size: 50_304 } },
  })
  assert.match(text, /^Model .*, f32 \(stored f16\), 47 of 50304 vocabulary rows without a token$/m)
  assert.is(text.match(/vocabulary rows/g)?.length, 1)
  assert.not.match(render(), /vocabulary rows/)
})

test("a group's mean is a row of its own, with its interval from its standard error", () => {
  const copy = { ...hellaswag, name: 'other', documentsScored: 50 }
  const groups = [
    {
      name: 'pair',
      tasks: ['hellaswag', 'other'],
      metric: 'acc',
      weightBySize: false,
      note: 'plain mean of acc',
    },
  ]
  const text = render({ tasks: [hellaswag, copy], groups })
  // sqrt(0.0045^2 + 0.0045^2) / 2 = 0.00318; 1.96 of those to either side.
  assert.match(
    text,
    /│ pair \(mean\) │ +│ +│ acc +│ ↑ │ 0\.2892 │ ± │ 0\.0032 │ 0\.2830 to 0\.2955 │ +│ +│ +│/,
  )
  assert.match(text, /Mean +pair: plain mean of acc/)
})

test('Markdown', () => {
  assert.fixture(
    renderEval(buildRecord(recordParts()), { form: 'md' }).split('\n\n')[0],
    `
| Tasks | Version | n-shot | Metric |  | Value |  | Stderr | 95 % interval | Sparsity requested | Sparsity achieved | KV | KV peak | Tokens kept |
| --- | ---: | ---: | --- | --- | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| hellaswag | 1 | 0 | acc | ↑ | 0.2892 | ± | 0.0045 | 0.2308 to 0.3556 | 0.8 | 0.8000 | 0.2157 | 0.3000 | 18 % |
|  |  |  | acc_norm | ↑ | 0.3114 | ± | 0.0046 | 0.2513 to 0.3786 |  |  |  |  |  |`.trim(),
  )
})

test('a report can be made from a file alone', () => {
  const record = buildRecord(recordParts({ tasks: [hellaswag, wikitext] }))
  assert.is(renderEval(JSON.parse(JSON.stringify(record))), renderEval(record))
})

test('what was asked for, when it was not a share', () => {
  const own = { ...recordParts().policy, threshold_shift: 0, calibration: null }
  assert.match(
    render({ requested: null, policy: own }),
    /threshold shift \+0\.0000\nSparsity +the checkpoint's own/,
  )
  const none = { ...hellaswag.counts, removed: [0, 0], kept: [80000, 80000] }
  const text = render({ requested: null, policy: dense, tasks: [{ ...hellaswag, counts: none }] })
  assert.match(text, /Policy +dense\nSparsity +nothing pruned, achieved 0\.0000/)
  assert.match(text, /│ {9}- │ {3}0\.0000 │ 1\.0000 │ 0\.3000 │ {2}100 % │/)
})

test('a shard says how many of the run’s documents it scored', () => {
  const data = (parts: object): string => /^Data +(.*)$/m.exec(render(parts))?.[1] ?? ''
  const tasks = [{ ...hellaswag, documents: 40, documentsScored: 19 }]
  assert.match(
    data({ tasks, shard: { index: 1, count: 2 } }),
    /40 of 10042 \(.*\), of which shard 1\/2 scored 19$/,
  )
  assert.not.match(data({ tasks }), 'of which')
})

test('a policy that dropped nothing is told from one that did', () => {
  const { counts } = hellaswag
  const none = [{ ...hellaswag, counts: { ...counts, removed: counts.removed.map(() => 0) } }]
  const own = { ...recordParts().policy, threshold_shift: 0, calibration: null }
  const said =
    /^Nothing +was dropped, these are the dense model's figures: no drop score falls below the threshold/m
  assert.match(render({ tasks: none, requested: null, policy: own }), said)
  assert.match(render({ tasks: none, requested: 0.5 }), said)
  assert.not.match(render({ tasks: none, requested: 0 }), said)
  assert.not.match(render({ tasks: none, requested: null, policy: dense }), said)
  assert.not.match(render({}), said)
})

test('counts of one', () => {
  const policy = recordParts().policy
  const calibration = policy.calibration && {
    ...policy.calibration,
    requests: 1,
    evaluations: policy.calibration.evaluations.slice(0, 1),
  }
  assert.match(render({ policy: { ...policy, calibration } }), /found on 1 request in 1 evaluation$/m)
})

const origins: [string, Partial<typeof hellaswag.data>, number, RegExp][] = [
  ['part of the bundled sample', {}, 50, /bundled sample, 50 of 10042 \(Rowan/],
  [
    'part of a Hub split',
    { kind: 'hub' },
    100,
    /Hub dataset, 100 of 10042 \(Rowan\/hellaswag@aaaaaaaa, validation\)/,
  ],
  [
    'a file of unknown whole',
    { kind: 'file', source: 'a.jsonl', revision: null, total: null },
    20,
    /own data, 20 of 200 rows \(a/,
  ],
  ['a file with the whole split', { kind: 'file', rows: 200, total: 200 }, 200, /own data, all 200 \(/],
]
for (const [name, changes, documents, expected] of origins) {
  test(`data: ${name}`, () => {
    assert.match(
      render({ tasks: [{ ...hellaswag, data: { ...hellaswag.data, ...changes }, documents }] }),
      expected,
    )
  })
}

test('published scores are shown for the model they belong to, and for no other', () => {
  const gpt2 = { ...model, source: 'hub' as const, id: 'openai-community/gpt2' }
  const text = render({ model: gpt2 })
  assert.match(text, /Published │\n/)
  assert.match(text, /0\.3114 │\n/)
  assert.match(text, /Published +unpruned openai-community\/gpt2 on the whole split; lm-eval table$/)
  for (const other of [
    model,
    { ...gpt2, id: 'gpt2-medium' },
    { ...gpt2, source: 'folder' as const, id: 'gpt2' },
  ]) {
    assert.not.match(render({ model: other }), /Published/)
  }
})

test('a stopped run says so first', () => {
  const text = render({ status: 'incomplete', tasks: [{ ...hellaswag, documentsScored: 31 }] })
  assert.match(text, /┘\nINCOMPLETE +stopped after 31 of 200 documents/)
})

test('a run stopped before anything was scored still renders', () => {
  const counts = { requests: 0, tokens: 0, pairs: 0, removed: [0, 0], kept: [0, 0], peaks: null }
  const text = render({
    status: 'incomplete',
    tasks: [{ ...hellaswag, documentsScored: 0, metrics: [], counts }],
  })
  assert.match(text, /stopped after 0 of 200 documents/)
})

test.run()
