/** One escaping for each output: what a record of somebody else's may hold, and what of it may reach a reader. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../src/compare/compare.js'
import type { CompareRecord } from '../../src/record/compare/schema.js'
import { renderAnnotations, renderJunit } from '../../src/report/compare-ci.js'
import { renderCompareMarkdown } from '../../src/report/compare-markdown.js'
import { renderCompare } from '../../src/report/compare-table.js'
import * as written from '../../src/report/escape.js'
import { renderGrid } from '../../src/report/grid.js'
import { renderSheet } from '../../src/report/sheet.js'
import { answers, choiceTask, evalRecord, range } from '../compare/records.js'

/** ESC, BEL, CSI of C1, NUL, DEL, carriage return, next line, marks of direction, a lone surrogate, what is no character of XML. */
const UNSEEN =
  '\u001b[31m \u0007 \u009b31m \u0000 \u007f \r \u0085 \u2028 \u202e \u2066 \u200f \ud800 \ufffe \uffff'
const OBEYED = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/u
const HOSTILE = `m\n::error title=pwn::x\r\n::add-mask::a\n##[add-mask]b\n\n# better\n\n${UNSEEN}`

const test = suite('escape')

const OUTPUTS = {
  oneLine: written.oneLine,
  manyLines: written.manyLines,
  output: written.output,
  colouredOutput: written.colouredOutput,
  markdown: written.markdown,
  markdownCode: written.markdownCode,
  markup: written.markup,
  csv: written.csv,
  annotation: written.annotation,
  annotationProperty: written.annotationProperty,
  terminalJson: written.terminalJson,
}
for (const [name, of] of Object.entries(OUTPUTS))
  test(`${name}: nothing that a terminal obeys`, () => {
    const text = of(name === 'terminalJson' ? JSON.stringify(HOSTILE) : HOSTILE)
    assert.not.match(name === 'colouredOutput' ? text.replaceAll('\u001b[31m', '') : text, OBEYED)
    assert.ok(text.includes('better'))
  })

test('text that is meant to be seen stays as it is', () => {
  const text = 'Größe, 日本語, עברית, 👩‍💻, 12 % of acc_norm - "quoted" (x)'
  for (const of of [written.oneLine, written.manyLines, written.output, written.markdown])
    assert.is(of(text), text)
  assert.is(written.manyLines('a\n\tb'), 'a\n\tb')
  assert.is(written.manyLines('a\r\nb'), 'a\nb')
})

test('lines that GitHub would obey are none in what asp prints, and colours stay', () => {
  const printed = written.colouredOutput(
    'Model  x\n  ::add-mask::a\n::error::b\nc ##[error]d\n\u001b[31mred\u001b[39m e::f',
  )
  assert.not.match(printed, /^\s*::/m)
  assert.not.match(printed, /##\[/)
  assert.ok(printed.endsWith('\u001b[31mred\u001b[39m e::f'))
})

test('Markdown: no markup, accounts, issues or addresses', () => {
  const cases: [string, string][] = [
    ['<b>&', '&lt;b>&amp;'],
    ['a|b `c` *d* [e](f) ~g~ \\', 'a\\|b \\`c\\` \\*d\\* \\[e\\](f) \\~g\\~ \\\\'],
    ['acc_norm _x_', 'acc_norm \\_x\\_'],
    ['@someone #12', '\\@&#8203;someone \\#&#8203;12'],
    ['https://a.b www.c.d', 'https:&#8203;//a.b www&#8203;.c.d'],
    ['# head', '# head'],
  ]
  for (const [text, expected] of cases) assert.is(written.markdown(text), expected)
  assert.is(written.markdownCode('a.json'), '`a.json`')
  assert.is(written.markdownCode('a`b``c'), '``` a`b``c ```')
})

test('CSV: quotes, and no formula, while numbers stay numbers', () => {
  const cases: [string, string][] = [
    ['a,"b"\nc', '"a,""b""\nc"'],
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ["-2+cmd|' /C calc'!A0", "'-2+cmd|' /C calc'!A0"],
    ['\r=1', `"'\n=1"`],
    ['\t=1', "'\t=1"],
    ['+x', "'+x"],
    ['-', '-'],
    ['-0.1234', '-0.1234'],
    ['+22.98 %', '+22.98 %'],
    ['-1.2e-7', '-1.2e-7'],
    ['-0.1 to +0.2', '-0.1 to +0.2'],
  ]
  for (const [text, expected] of cases) assert.is(written.csv(text), expected)
})

test('tables and notes: a cell and a note are one line in every form', () => {
  const column = { head: HOSTILE, align: 'left' as const, cell: (row: string) => row }
  for (const form of ['table', 'md', 'csv'] as const) {
    const grid = { title: HOSTILE, render: () => renderGrid([column], [HOSTILE], { form }) }
    const text = renderSheet({ grids: [grid], notes: [['Model', HOSTILE]] }, { form })
    assert.not.match(text, OBEYED)
    assert.not.match(form === 'csv' ? '' : text, /^\s*(::|##\[|# better)/m)
  }
})

/** A comparison of records in which a branch says what it likes. */
function hostile(): CompareRecord {
  const [base, other] = [[], range(0, 20)].map((flips) =>
    evalRecord([choiceTask(answers(200, 100, flips), undefined, HOSTILE)]),
  )
  other.model.id = HOSTILE
  const options = { alpha: 0.05, margins: {}, metrics: ['acc'], date: new Date(0), command: ['asp'] }
  const record = compareRecords({ file: 'a.json', record: base }, [{ file: HOSTILE, record: other }], options)
  for (const comparison of record.comparisons) {
    comparison.notes.push(HOSTILE)
    for (const flip of comparison.flips) flip.text = HOSTILE
  }
  return record
}

test('a branch cannot write lines of its own into table, comment, annotations or JUnit', () => {
  const record = hostile()
  const outputs = {
    table: renderCompare(record, { flips: 2 }),
    markdown: renderCompareMarkdown(record, { flips: 2 }),
    annotations: renderAnnotations(record),
    junit: renderJunit(record, { strict: false }),
  }
  for (const [name, text] of Object.entries(outputs)) {
    assert.not.match(text, OBEYED, name)
    // Its own error is the only one.
    const obeyed = text.match(/^\s*(::|##\[|# ).*$/gm) ?? []
    assert.is(
      obeyed.filter((line) => !line.startsWith('::error title=asp compare%3A worse::')).length,
      0,
      name,
    )
  }
  assert.is(outputs.annotations.split('\n').length, 1)
  assert.not.match(outputs.junit, /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
})

test.run()
