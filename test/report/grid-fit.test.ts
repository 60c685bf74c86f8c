/** Tables on a terminal: nothing is wider than it, nothing is lost, rows keep their names, what matters comes first. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../src/compare/compare.js'
import { buildBenchRecord } from '../../src/record/bench/build.js'
import { buildRecord } from '../../src/record/eval/build.js'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import { renderBench } from '../../src/report/bench-table.js'
import { renderCompare } from '../../src/report/compare-table.js'
import { renderEval } from '../../src/report/eval-table.js'
import { type Column, key, left, renderGrid, right } from '../../src/report/grid.js'
import { broken } from '../../src/report/grid-fit.js'
import { latex } from '../../src/report/grid-latex.js'
import { renderPpl } from '../../src/report/ppl-table.js'
import { renderSweep } from '../../src/report/sweep-table.js'
import { answers, choiceTask, evalRecord, range } from '../compare/records.js'
import { benchParts } from '../record/bench-fixture.js'
import { recordParts } from '../record/fixture.js'
import { pplParts } from '../record/ppl-fixture.js'
import { sweepRecord } from '../record/sweep-fixture.js'

interface Row {
  name: string
  metric: string
  verdict: string
  why: string
}
const ROWS: Row[] = [
  { name: 'one', metric: 'acc', verdict: 'worse', why: 'it is worse by more than the margin that was given' },
  { name: 'two', metric: 'acc_norm', verdict: 'better', why: 'identical' },
]
const COLUMNS: Column<Row>[] = [
  key(left('Name', ({ name }) => name)),
  right('Metric\nof it', ({ metric }) => metric),
  right('A number', () => '0.1234'),
  left('Why', ({ why }) => why),
  {
    ...left<Row>('Verdict', ({ verdict }) => verdict),
    place: 'first',
    tint: ({ verdict }) => (verdict === 'worse' ? 'bad' : null),
  },
]
const table = (width?: number, colour = false): string => renderGrid(COLUMNS, ROWS, { width, colour })
const drawnLines = (text: string): string[] => text.split('\n').filter((line) => /^[│┌├└]/.test(line))

const test = suite('tables of a terminal')

test('what fits stands in one part, as where no width is known', () => {
  const whole = table()
  const width = whole.split('\n')[0].length
  assert.is(table(width), whole)
  assert.ok(table(width - 1).split('\n').length > whole.split('\n').length)
})

for (const width of [20, 30, 40, 60, 79]) {
  test(`${width} columns: no line is longer, and every word is there`, () => {
    const text = table(width)
    // Two columns of the least width need so much.
    for (const line of drawnLines(text)) assert.ok(line.length <= Math.max(width, 31), line)
    const words = text.replace(/[│┌├└─┬┼┴┐┤┘]/g, ' ')
    const said = words.split(/\s+/)
    for (const word of [...ROWS.flatMap(({ why, verdict }) => [...why.split(' '), verdict]), '0.1234'])
      assert.ok(said.includes(word), `${word} in\n${text}`)
  })
}

test('rows are named in every part, and the verdict stands in the first', () => {
  const parts = table(40).split('\n┌')
  assert.ok(parts.length > 1)
  for (const part of parts) assert.match(part, /│ one /)
  assert.match(parts[0], 'worse')
})

test('lines are broken between words, long words anywhere', () => {
  assert.is(broken('one two three', 8), 'one two\nthree')
  assert.is(broken('abcdefgh ij', 4), 'abcd\nefgh\nij')
  assert.is(broken('short\nlines', 8), 'short\nlines')
})

test('a cell has a colour only where the terminal has', () => {
  assert.match(table(200, true), '\u001b[31mworse\u001b[39m')
  assert.not.match(table(200, true), '\u001b[31mbetter')
  assert.not.match(table(200), '\u001b')
})

test('colour does not move the borders', () => {
  const plain = table(200, true).replaceAll('\u001b[31m', '').replaceAll('\u001b[39m', '')
  assert.is(plain, table(200))
})

test('every table of a command fits 80 columns; the verdict of a comparison is in its first part', () => {
  const record = buildRecord(recordParts())
  const base = evalRecord([choiceTask(answers(200, 100))])
  const worse = evalRecord([choiceTask(answers(200, 100, range(0, 20)))])
  const options = { alpha: 0.05, margins: {}, metrics: ['acc'], date: new Date(0), command: ['asp'] }
  const compared = compareRecords(
    { file: 'a.json', record: base },
    [{ file: 'b.json', record: worse }],
    options,
  )
  const comparison = renderCompare(compared, { flips: 3 }, { width: 80 })
  const texts = [
    renderEval(record, { width: 80 }),
    renderPpl(buildPplRecord(pplParts()), { width: 80 }),
    renderBench(buildBenchRecord(benchParts()), { width: 80 }),
    renderSweep(sweepRecord(), { width: 80 }),
    comparison,
  ]
  for (const text of texts) {
    assert.ok(drawnLines(text).length > 4)
    for (const line of drawnLines(text)) assert.ok(line.length <= 80, line)
  }
  assert.match(comparison.split('\n┌')[0], 'Verdict')
})

test('TSV: a tab between cells, and none in them', () => {
  const rows = [{ ...ROWS[0], why: 'a\tb\nc' }]
  assert.is(
    renderGrid(COLUMNS, rows, { form: 'tsv' }),
    'Name\tMetric of it\tA number\tWhy\tVerdict\none\tacc\t0.1234\ta b c\tworse',
  )
})

test('LaTeX: a booktabs table, and nothing that LaTeX would act on', () => {
  assert.is(
    latex('50 % of a_b & c#d {x} ~ ^ $1 \\n ↓ ±'),
    '50 \\% of a\\_b \\& c\\#d \\{x\\} \\textasciitilde{} \\textasciicircum{} \\$1 \\textbackslash{}n $\\downarrow$ $\\pm$',
  )
  assert.is(
    renderGrid(COLUMNS.slice(0, 2), ROWS, { form: 'latex' }),
    [
      '\\begin{tabular}{lr}',
      '\\toprule',
      'Name & Metric of it \\\\',
      '\\midrule',
      'one & acc \\\\',
      'two & acc\\_norm \\\\',
      '\\bottomrule',
      '\\end{tabular}',
    ].join('\n'),
  )
  const sheet = renderEval(buildRecord(recordParts()), { form: 'latex' })
  assert.match(sheet, /^\\begin\{tabular\}/)
  assert.match(sheet, /^% Model +asp-tiny/m)
})

test.run()
