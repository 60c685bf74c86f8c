/** The record of a comparison as a JUnit report: a test case for each metric, a failure for each that is worse. */
import type { ComparedMetric, CompareRecord } from '../record/compare/schema.js'
import { describeResult } from './compare-annotations.js'

/** `strict`: a verdict that is not known fails too; else it counts as skipped. */
export function renderJunit(record: CompareRecord, { strict }: { strict: boolean }): string {
  const cases = record.comparisons.flatMap(({ results }) => results)
  const suites = record.comparisons.map(({ record: { file }, results }) => {
    const lines = results.map((result) => testCase(result, strict))
    return [`  <testsuite name="${xml(file)}" ${counts(results, strict)}>`, ...lines, '  </testsuite>'].join(
      '\n',
    )
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="asp compare" ${counts(cases, strict)}>`,
    ...suites,
    '</testsuites>\n',
  ].join('\n')
}

function counts(results: readonly ComparedMetric[], strict: boolean): string {
  const count = (fits: (one: ComparedMetric) => boolean): number => results.filter(fits).length
  const failures = count((one) => fails(one, strict))
  const skipped = count((one) => one.verdict === 'inconclusive' && !strict)
  return `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}"`
}

const fails = ({ verdict }: ComparedMetric, strict: boolean): boolean =>
  verdict === 'worse' || (strict && verdict === 'inconclusive')

function testCase(result: ComparedMetric, strict: boolean): string {
  const { cell, task, metric, verdict } = result
  const name = `classname="${xml([cell, task].filter((part) => part !== '').join(' '))}" name="${xml(metric)}"`
  const message = xml(describeResult(result))
  if (fails(result, strict))
    return `    <testcase ${name}><failure type="${verdict}" message="${message}"/></testcase>`
  if (verdict === 'inconclusive') return `    <testcase ${name}><skipped message="${message}"/></testcase>`
  return `    <testcase ${name}><system-out>${message}</system-out></testcase>`
}

function xml(text: string): string {
  const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  // Control characters have no place in XML 1.0, escaped or not.
  const printable = [...text].filter((char) => char >= ' ' || char === '\n' || char === '\t').join('')
  return printable.replace(/[&<>"]/g, (char) => ENTITIES[char])
}
