/** `asp eval blimp` and its like on rows written by hand: every request and every figure as lm-eval has them, in shards and compared. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompareRecord } from '../../src/record/compare/schema.js'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { groupFigure, mean } from '../../src/stats/basics.js'
import { clusteredStandardError } from '../../src/stats/clusters.js'
import { families } from '../../src/suites/families.js'
import { LM_EVAL, writeFamilies } from '../families.js'
import { asp } from './asp.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-families-'))
const data = writeFamilies(join(folder, 'data'))
const test = suite('families')
test.after(() => rmSync(folder, { recursive: true, force: true }))

const OTHERS = Object.keys(LM_EVAL.suites).filter((name) => !name.startsWith('blimp_'))
const RUN = ['--data', data, '--device', 'cpu', '--dtype', 'f32', '--quiet']
const DENSE = ['--model', 'asp-tiny-dense', '--policy', 'dense', ...RUN]

async function evaluate(file: string, ...argv: string[]): Promise<{ record: EvalRecord; stdout: string }> {
  const { status, stdout, stderr } = await asp(folder, ['eval', ...argv, '-o', `${file}.json`])
  assert.is(status, 0, stderr)
  return { record: JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')), stdout }
}

const near = (got: unknown, want: unknown, tolerance: number, what: string) =>
  assert.ok(
    got === want || Math.abs(Number(got) / Number(want) - 1) <= tolerance,
    `${what}: ${got} instead of ${want}`,
  )

let whole: EvalRecord

test('every request and every figure is as lm-eval has it', async () => {
  const { record, stdout } = await evaluate('whole', 'blimp', ...OTHERS, '--log-samples', ...DENSE)
  whole = record
  assert.equal(Object.keys(record.results).sort(), Object.keys(LM_EVAL.suites).sort())
  for (const [name, { figures, version, responses }] of Object.entries(LM_EVAL.suites)) {
    assert.is(record.versions[name], version)
    const log = readFileSync(join(folder, `whole.samples.${name}.jsonl`), 'utf8')
      .trim()
      .split('\n')
    const lines = log.map((line): SampleLine => JSON.parse(line))
    const wanted = responses.flat()
    assert.is(lines.length, wanted.length)
    const sorted = lines.sort((a, b) => a.row - b.row || a.index - b.index)
    for (const [i, { logprob, greedy }] of sorted.entries()) {
      assert.ok(
        Math.abs(logprob - wanted[i][0]) < 1e-3,
        `${name} ${i}: ${logprob} instead of ${wanted[i][0]}`,
      )
      assert.is(greedy, wanted[i][1])
    }
    for (const [key, figure] of Object.entries(figures))
      near(
        record.results[name][key as 'acc,none'],
        figure,
        key.startsWith('perpl') ? 1e-4 : 1e-12,
        `${name} ${key}`,
      )
  }
  for (const [key, figure] of Object.entries(LM_EVAL.group))
    near(record.groups.blimp[key as 'acc,none'], figure, 1e-12, key)
  assert.is(record.groups.blimp.sample_len, LM_EVAL.sample_len)
  assert.match(stdout, /blimp \(mean\)/)
  assert.match(stdout, /blimp\.island_effects \(mean\)/)
})

test('a phenomenon is the mean of its paradigms, and each paradigm a cluster', () => {
  const [{ parts, suites }] = families().filter(({ name }) => name === 'blimp')
  assert.equal([parts.size, suites.size], [12, 67])
  assert.equal([...parts.values()].flat().sort(), [...suites.keys()])
  const acc = (name: string) => Number(whole.results[name]['acc,none'])
  for (const [part, names] of [...parts, ['', [...suites.keys()]] as const]) {
    const group = whole.groups[part === '' ? 'blimp' : `blimp.${part}`]
    near(group['acc,none'], mean(names.map(acc)), 1e-12, part)
    const members = names.map((name) => ({
      value: acc(name),
      stderr: Number(whole.results[name]['acc_stderr,none']),
      documents: 1,
    }))
    near(group['acc_stderr,none'], groupFigure(members, false).stderr, 1e-12, part)
    const spread = Math.sqrt(
      names.reduce((sum, name) => sum + (acc(name) - mean(names.map(acc))) ** 2, 0) / (names.length - 1),
    )
    near(group['acc_clustered_stderr,none'], spread / Math.sqrt(names.length), 1e-9, part)
  }
  assert.equal([whole.groups.multiblimp, whole.groups.lambada_multilingual], [undefined, undefined])
})

test('shards merge into the same record, which is compared by clusters', async () => {
  for (const shard of ['1/2', '2/2'])
    await evaluate(`shard-${shard[0]}`, 'blimp', '--shard', shard, '--log-samples', ...DENSE)
  const merged = await asp(folder, ['merge', 'shard-1.json', 'shard-2.json', '-o', 'merged.json', '--json'])
  assert.is(merged.status, 0, merged.stderr)
  const record: EvalRecord = JSON.parse(readFileSync(join(folder, 'merged.json'), 'utf8'))
  assert.equal(record.groups, whole.groups)
  for (const [name, result] of Object.entries(record.results)) assert.equal(result, whole.results[name])
  await evaluate('local', 'blimp', '--model', 'asp-tiny-dense', '--policy', 'local', '--size', '2', ...RUN)
  const compared = await asp(folder, ['compare', 'merged.json', 'local.json', '--json'])
  const { comparisons }: CompareRecord = JSON.parse(compared.stdout)
  const of = (task: string, metric: string) =>
    comparisons[0].results.find((one) => one.task === task && one.metric === metric)
  assert.is(of('blimp', 'acc')?.method, 'paired t over clusters and exact McNemar')
  assert.is(of('blimp', 'acc')?.n, 332)
  assert.is(of('blimp_wh_island', 'acc')?.method, 'exact McNemar, score interval')
  assert.is(comparisons[0].results.filter(({ task }) => task.startsWith('blimp.')).length, 12)
})

test('a report and a sweep take the group', async () => {
  const report = await asp(folder, ['report', 'whole.json', '-o', 'report.html'])
  assert.is(report.status, 0, report.stderr)
  const swept = await asp(folder, [
    'sweep',
    'blimp',
    ...[
      '--model',
      'asp-tiny-dense',
      '--policy',
      'local',
      '--sparsity',
      '0,0.5',
      '--dry-run',
      '-o',
      'sweep.json',
    ],
    ...RUN,
  ])
  assert.is(swept.status, 0, swept.stderr)
})

test('questions about one passage are a cluster, in the table and in the record, but not in the files of lm-eval', async () => {
  const twins = [412, 446, 708, 761, 1538, 2694]
  const { record, stdout } = await evaluate(
    'passages/it',
    ...['boolq', '--samples', JSON.stringify({ boolq: twins }), '--output-format', 'lm-eval'],
    ...['--data', 'sample', '--device', 'cpu', '--policy', 'dense', '--model', 'asp-tiny-dense', '--quiet'],
  )
  const { per_document: columns } = record.tasks.boolq
  const names = columns.cluster?.map(String) ?? []
  assert.equal([names.length, new Set(names).size], [6, 3])
  const error = clusteredStandardError(columns.metrics.acc, names)
  assert.is(record.results.boolq['acc_clustered_stderr,none'], error)
  assert.match(stdout, /Stderr +│[^\n]*\n[^\n]*clustered/)
  const place = join(folder, 'passages', 'asp-tiny-dense')
  const [file] = readdirSync(place).filter((name) => name.startsWith('results_'))
  const keys = Object.keys(JSON.parse(readFileSync(join(place, file), 'utf8')).results.boolq)
  assert.equal(
    keys.filter((key) => key.endsWith(',none')),
    ['acc,none', 'acc_stderr,none'],
  )
})

test('a sweep has a family too: means of paradigms, and each by itself', async () => {
  const argv = [
    'blimp.binding',
    '--policy',
    'adaptive,streaming',
    '--sparsity',
    '0,0.5',
    '--parts',
    'eval',
    '-L',
    '2',
  ]
  const { status, stdout, stderr } = await asp(folder, ['sweep', ...argv, ...RUN, '-o', 'sweep.json'])
  assert.is(status, 0, stderr)
  const { cells, frontiers }: SweepRecord = JSON.parse(readFileSync(join(folder, 'sweep.json'), 'utf8'))
  assert.equal(
    cells.map(({ id }) => id),
    ['dense', 'adaptive-0.5', 'streaming-0.5'],
  )
  for (const { eval: own, id } of cells) {
    const paradigms = own?.group_subtasks['blimp.binding'] ?? []
    assert.is(paradigms.length, 7, id)
    const mean = paradigms.reduce((sum, name) => sum + Number(own?.results[name]['acc,none']), 0) / 7
    near(own?.groups['blimp.binding']['acc,none'], mean, 1e-12, id)
  }
  assert.equal([frontiers[0].quality.kind, frontiers[0].quality.name], ['mean', 'blimp.binding'])
  assert.match(stdout, /blimp\.binding/)
})

test('one file is not every paradigm; the layout in which BLiMP is published is known', async () => {
  const pair = { blimp_wh_island: ['wh_island.jsonl'], blimp_passive_1: ['blimp_passive_1.jsonl'] }
  mkdirSync(join(folder, 'published'))
  for (const [name, [file]] of Object.entries(pair))
    copyFileSync(join(data, name, 'train.jsonl'), join(folder, 'published', file))
  const names = Object.keys(pair)
  const [good, bad] = await Promise.all(
    ['published', join('published', 'wh_island.jsonl')].map((place) =>
      asp(folder, ['eval', ...names, '--data', place, '--device', 'cpu', '-q', '-o', `${place}.json`]),
    ),
  )
  assert.is(good.status, 0, good.stderr)
  const { tasks }: EvalRecord = JSON.parse(readFileSync(join(folder, 'published.json'), 'utf8'))
  for (const name of names) assert.is(tasks[name].documents, LM_EVAL.dealt[name].length)
  assert.is(bad.status, 2)
  assert.match(
    bad.stderr,
    /^error: blimp_passive_1: has the rows of blimp_wh_island, got [^\n]*; hint: give a folder/,
  )
})

test.run()
