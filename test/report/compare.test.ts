/** What a comparison looks like: table, Markdown that no document can break out of, JUnit that is XML, annotations on one line. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords } from '../../src/compare/compare.js'
import { renderAnnotations, renderJunit } from '../../src/report/compare-ci.js'
import { renderCompareMarkdown } from '../../src/report/compare-markdown.js'
import { renderCompare } from '../../src/report/compare-table.js'
import { answers, choiceTask, evalRecord, range } from '../compare/records.js'

const base = evalRecord([choiceTask(answers(200, 100))])
const worse = evalRecord([choiceTask(answers(200, 100, range(0, 20)))])
const compared = compareRecords({ file: 'a&b.json', record: base }, [{ file: '<new>.json', record: worse }], {
  alpha: 0.05,
  margins: {},
  metrics: ['acc'],
  date: new Date(0),
  command: ['asp'],
})
const [comparison] = compared.comparisons
const HOSTILE = 'Is </details> @someone `code` | **bold** [link](http://x) & "more"?\u0007'
const record = {
  ...compared,
  comparisons: [{ ...comparison, flips: comparison.flips.map((flip) => ({ ...flip, text: HOSTILE })) }],
}

const test = suite('compare report')

test('the table: one row a metric, settings, flips with text, the verdict last', () => {
  const text = renderCompare(record, { flips: 3 })
  assert.match(
    text,
    /│ hellaswag │ acc ↑ +│ 0\.5000 │ 0\.4000 │ -0\.1000 │ -0\.\d{4} to -0\.\d{4} │ 200 │ \+0 -20 │ < 0\.0001 │/,
  )
  assert.match(
    text,
    /\nBase +a&b\.json\nNew +<new>\.json\nDiffers +nothing, both are records of one and the same run\n/,
  )
  assert.match(text, /\nTests +1 test, Holm-corrected at 5 %; /)
  assert.match(
    text,
    /\n {2}and 17 more \(--flips, --json\)\n\nWorse:\n {2}<new>\.json {2}hellaswag acc: [^\n]+\n\nVerdict: worse$/,
  )
})

test('what is worse stands once more at the end with its record, and first in a comment', () => {
  const line = /piqa acc: 0\.5000 to 0\.4000, -0\.1000 .*; worse: significant$/m
  const base = { file: 'runs/a.json', record: evalRecord([choiceTask(answers(200, 100), undefined, 'piqa')]) }
  const other = {
    file: 'runs/b.json',
    record: evalRecord([choiceTask(answers(200, 100, range(0, 20)), undefined, 'piqa')]),
  }
  const few = {
    file: 'runs/c.json',
    record: evalRecord([choiceTask(answers(200, 100, [0, 1]), undefined, 'piqa')]),
  }
  const options = { alpha: 0.05, margins: {}, metrics: ['acc'], date: new Date(0), command: ['asp'] }
  const all = compareRecords(base, [base, other, few], options)
  const text = renderCompare(all, { flips: 0 })
  const end = text.slice(text.lastIndexOf('└'))
  assert.match(end, /\n\nWorse:\n {2}runs\/b\.json {2}piqa acc: /)
  assert.match(end, line)
  // The matrix: a column a record.
  assert.match(text, /│ +│ +a │ a +│ b +│ c +│/)
  assert.match(text, /│ piqa acc │ 0\.5000 │ \+0\.0000 same │ -0\.1000 worse │ -0\.0100 inconclusive │/)
  const comment = renderCompareMarkdown(all, { flips: 0 })
  assert.match(
    comment,
    /^<!-- asp compare -->\n\n### asp compare: \*\*worse\*\*\n\n- `runs\/b\.json`: piqa acc: /,
  )
  assert.match(
    comment,
    /\n\| piqa acc \| 0\.5000 \| \+0\.0000 same \| -0\.1000 worse \| -0\.0100 inconclusive \|\n/,
  )

  const unsure = renderCompare(compareRecords(base, [few], options), { flips: 0 })
  assert.match(
    unsure,
    /\nInconclusive:\n {2}runs\/c\.json {2}piqa acc: .*inconclusive: 2 flips, too few data to detect any loss\n\nVerdict: inconclusive$/,
  )
  assert.not.match(unsure, /piqa acc │ 0/)
})

test('a verdict that is not known says what would have been seen', () => {
  const logprobs = range(0, 100).map((i) => -20 - (i % 7))
  const noisy = logprobs.map((one, i) => one + (i % 2 === 0 ? 1 : -1.1))
  const [base, other] = [logprobs, noisy].map((some) => evalRecord([choiceTask(answers(100, 50), some)]))
  const options = { alpha: 0.05, margins: {}, metrics: ['logprob'], date: new Date(0), command: ['asp'] }
  const found = compareRecords({ file: 'a', record: base }, [{ file: 'b', record: other }], options)
  assert.is(found.verdict, 'inconclusive')
  assert.match(renderCompare(found, { flips: 0 }), /a loss is possible; smallest detectable loss 0\.\d{4}\n/)
})

test('the level is the head of its interval', () => {
  assert.match(renderCompare({ ...record, alpha: 0.001 }, { flips: 0 }), /│ 99\.9 % interval/)
})

test('Markdown: a table, and texts that stay text', () => {
  const text = renderCompareMarkdown(record, { flips: 2 })
  assert.match(text, /^<!-- asp compare -->\n\n### asp compare: \*\*worse\*\*\n/)
  assert.match(text, /\n\| Task \| Metric \| Base \| New \| Change \| 95 % interval \|/)
  assert.match(text, /<details><summary>hellaswag acc: 20 documents changed<\/summary>/)
  assert.is(text.match(/<\/details>/g)?.length, 1)
  const plain = '&lt;/details> \\@&#8203;someone \\`code\\` \\| \\*\\*bold\\*\\* \\[link\\]'
  assert.ok(text.includes(plain), text)
})

test('JUnit: a failure a worse metric, and nothing that breaks XML', () => {
  const text = renderJunit(record, { strict: false })
  assert.match(
    text,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="asp compare" tests="1" failures="1"/,
  )
  assert.match(text, /<testsuite name="&lt;new&gt;\.json" /)
  assert.match(text, /message="[^"<]*p &lt; 0\.0001; worse: significant/)
  assert.is(text.replaceAll(/&(amp|lt|gt|quot);/g, '').includes('&'), false)
})

test('annotations: GitHub reads one line each, percent signs escaped', () => {
  const ratio = { ...comparison.results[0], scale: 'ratio' as const }
  const text = renderAnnotations({ ...record, comparisons: [{ ...comparison, results: [ratio, ratio] }] })
  const lines = text.split('\n')
  assert.is(lines.length, 2)
  for (const line of lines) assert.match(line, /^::error title=asp compare%3A worse::[^\n]*-10\.00 %25/)
})

test.run()
