import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SweepPlan } from '../../src/record/sweep/plan.js'
import { shortened } from '../../src/report/sweep-parts.js'
import { planLine, renderPlan } from '../../src/report/sweep-plan.js'
import { renderSweep } from '../../src/report/sweep-table.js'
import { sweepRecord } from '../record/sweep-fixture.js'

const test = suite('sweep table')

/** Cells of a table's rows, from the first border on. */
const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((part) => part.trim()),
    )

const record = sweepRecord()

test('a row a cell: achieved, figures, costs, verdict', () => {
  const text = renderSweep(record)
  const [head, units, dense, pruned] = rows(text)
  const before = ['achieved', 'KV', 'KV peak', 'achieved', 'KV', 'KV peak']
  assert.equal(head.slice(0, 8), ['Policy', 'Sparsity', ...before])
  assert.equal(units.slice(0, 8), ['', 'requested', 'suites', 'suites', 'suites', 'ctx 8', 'ctx 8', 'ctx 8'])
  assert.equal(pruned.slice(2, 5), ['0.800', '0.216', '0.300'])
  assert.equal(dense.slice(5, 8), ['0.000', '1.000', '1.000'])
  assert.equal([dense[0], dense[1], dense.at(-1)], ['dense', '0', 'behind adaptive-0.8'])
  assert.equal([pruned[0], pruned[1], pruned.at(-1)], ['adaptive', '0.8', 'on it'])
  assert.ok(head.includes('hellaswag'))
  assert.ok(dense.includes('0.289 ± 0.005'))
  assert.ok(dense.includes('4.00 KiB'))
  assert.match(text, /^Shared +sparsity 0 of adaptive is the dense model, run once$/m)
  assert.match(text, /^Frontier +hellaswag \(acc\) against cache at ctx 8: adaptive-0\.8$/m)
})

test('what is missing and what was left out is said', () => {
  const [dense, pruned] = record.cells
  const text = renderSweep(
    sweepRecord({
      status: 'incomplete',
      cells: [
        dense,
        { ...pruned, eval: null, refused: [{ part: 'eval', reason: 'it removes at most 0.7' }] },
      ],
      ppl: null,
      bench: null,
      frontiers: [],
    }),
  )
  assert.match(
    text,
    /^INCOMPLETE +stopped: 1 of 2 cells, perplexity not started, memory and latency not started$/m,
  )
  assert.match(text, /^Left out +adaptive-0\.8, suites: it removes at most 0\.7$/m)
})

test('a point that is behind within noise is on the frontier, with a word of it', () => {
  const [frontier] = record.frontiers
  const points = frontier.points.map((point) =>
    point.cell === 'dense'
      ? { ...point, on_frontier: true, dominated_by: [], within_noise_of: ['adaptive-0.8'] }
      : point,
  )
  const text = renderSweep(sweepRecord({ frontiers: [{ ...frontier, points }] }))
  assert.match(text, 'on it, perhaps behind adaptive-0.8')
  const behind = points.map((point) => ({
    ...point,
    within_noise_of: ['adaptive-0.8', 'h2o-0.8', 'tova-0.8'],
  }))
  const several = renderSweep(sweepRecord({ frontiers: [{ ...frontier, points: behind }] }))
  assert.match(several, 'perhaps behind adaptive-0.8 and 2 more')
})

test('more than two suites have a table of their own', () => {
  const many = record.cells.map((cell) => {
    const own = cell.eval
    if (own === null) return cell
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const copies = <T>(value: T): Record<string, T> => Object.fromEntries(names.map((name) => [name, value]))
    return {
      ...cell,
      eval: {
        ...own,
        tasks: copies(own.tasks.hellaswag),
        results: copies(own.results.hellaswag),
        higher_is_better: copies(own.higher_is_better.hellaswag),
      },
    }
  })
  const heads = rows(renderSweep(sweepRecord({ cells: many }))).filter(([name]) => name === 'Policy')
  assert.is(heads.length, 3)
  assert.not(heads[0].includes('a'))
  assert.equal(heads[1].slice(2), ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.equal(heads[2].slice(2), ['g'])
})

test('means of the parts of a family stand for its suites; others stay', () => {
  const mean = { metric: 'acc', 'acc,none': 0.75, 'acc_stderr,none': 0.125 }
  const named = (name: string) => ({
    ...mean,
    name,
    alias: name,
    sample_len: 2,
    weight_by_size: false,
    note: '',
  })
  const parts = ['f', 'f.one', 'f.two']
  const cells = record.cells.map((cell) => {
    const own = cell.eval
    if (own === null) return cell
    const copies = <T>(value: T): Record<string, T> =>
      Object.fromEntries(['a', 'b', 'c', 'apart'].map((name) => [name, value]))
    return {
      ...cell,
      eval: {
        ...own,
        tasks: copies(own.tasks.hellaswag),
        results: copies(own.results.hellaswag),
        higher_is_better: copies(own.higher_is_better.hellaswag),
        groups: Object.fromEntries(parts.map((name) => [name, named(name)])),
        group_subtasks: { f: ['a', 'b', 'c'], 'f.one': ['a', 'b'], 'f.two': ['c'] },
      },
    }
  })
  const [frontier] = record.frontiers
  const frontiers = [...parts, 'a', 'b', 'c', 'apart'].map((name) => ({
    ...frontier,
    quality: { ...frontier.quality, name },
  }))
  const text = renderSweep(sweepRecord({ cells, frontiers }))
  const table = rows(text)
  assert.equal(table.filter(([name]) => name === 'Policy')[1].slice(2), ['f.one', 'f.two', 'apart'])
  // The table of critical footprints follows.
  const next = table.findIndex(([name]) => name === 'Of')
  assert.equal(table[next - 1].slice(2), ['0.750 ± 0.125', '0.750 ± 0.125', '0.289 ± 0.005'])
  const said = [...text.matchAll(/^Frontier +(\S+) /gm)].map(([, name]) => name)
  assert.equal(said, [...parts, 'apart'])
  assert.match(text, /^Suites +3 are in the means alone here, each by itself in the record and asp report$/m)
})

test('of many names the first are said', () => {
  assert.is(shortened(['a', 'b', 'c'], 2), 'a, b, c')
  assert.is(shortened(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more')
})

test('Markdown has the same table, then the notes', () => {
  const [head, line, ...cells] = renderSweep(record, { form: 'md' }).split('\n\n')[0].split('\n')
  assert.match(head, /^\| Policy \| Sparsity requested \|/)
  assert.match(line, /^\| --- \| ---: \|/)
  assert.is(cells.length, 2)
})

const plan: SweepPlan = {
  grid: record.grid,
  cells: record.cells,
  units: [
    { part: 'eval', name: 'dense', tokens: 5000, seconds: 5, done: true },
    { part: 'eval', name: 'adaptive-0.8', tokens: 5000, seconds: 25, done: false },
    { part: 'ppl', name: 'ctx 8', tokens: 800, seconds: 35, done: false },
  ],
  seconds: 65,
  seconds_left: 60,
  probe_s: 1.5,
}

test('a plan: what is there, what is left, how it was estimated', () => {
  const text = renderPlan(plan)
  assert.equal(rows(text).slice(1, 3), [
    ['suites', 'dense', '5,000', '5.00 s', 'done already'],
    ['suites', 'adaptive-0.8', '5,000', '25.0 s', ''],
  ])
  assert.match(text, /^Grid +adaptive at 0, 0\.8: 2 cells$/m)
  assert.match(text, /^Time +about 1 min 00 s of 1 min 05 s: rows to run, times .* \(1\.50 s\)$/m)
  assert.is(planLine(plan), 'about 1 min 00 s for 2 of 3 parts of the sweep; done already: dense')
})

test.run()
