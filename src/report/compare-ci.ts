/** The record of a comparison for machines that test: a JUnit report, and GitHub's workflow commands. */
import type { ComparedMetric, CompareRecord } from '../record/compare/schema.js'
import { describeResult } from './compare-columns.js'
import { annotation, annotationProperty, markup, oneLine } from './escape.js'

const ROOT = '<testsuites name="asp compare" '

/** To be told from reports of other tests. */
export const JUNIT_REPORT = {
  what: 'a JUnit report of asp compare',
  isOwn: (head: string) => head.startsWith('<?xml ') && head.includes(`\n${ROOT}`),
}

/** A test case for each metric, a failure for each that is worse. `strict`: a verdict that is not known fails too; else it counts as skipped. */
export function renderJunit(record: CompareRecord, { strict }: { strict: boolean }): string {
  const cases = record.comparisons.flatMap(({ results }) => results)
  const suites = record.comparisons.map(({ record: { file }, results }) => {
    const lines = results.map((result) => testCase(result, strict))
    return [
      `  <testsuite name="${attribute(file)}" ${counts(results, strict)}>`,
      ...lines,
      '  </testsuite>',
    ].join('\n')
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${ROOT}${counts(cases, strict)}>`,
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

const attribute = (text: string): string => markup(oneLine(text))

const fails = ({ verdict }: ComparedMetric, strict: boolean): boolean =>
  verdict === 'worse' || (strict && verdict === 'inconclusive')

function testCase(result: ComparedMetric, strict: boolean): string {
  const { cell, task, metric, verdict } = result
  const name = `classname="${attribute([cell, task].filter((part) => part !== '').join(' '))}" name="${attribute(metric)}"`
  const message = attribute(describeResult(result))
  if (fails(result, strict))
    return `    <testcase ${name}><failure type="${verdict}" message="${message}"/></testcase>`
  if (verdict === 'inconclusive') return `    <testcase ${name}><skipped message="${message}"/></testcase>`
  return `    <testcase ${name}><system-out>${message}</system-out></testcase>`
}

/** An error for each metric that is worse, a warning for each that is not known. */
export function renderAnnotations(record: CompareRecord): string {
  const lines = record.comparisons.flatMap(({ results }) =>
    results.flatMap((result) => {
      const level = { worse: 'error', inconclusive: 'warning', same: null, better: null }[result.verdict]
      return level === null
        ? []
        : [
            `::${level} title=${annotationProperty(`asp compare: ${result.verdict}`)}::${annotation(describeResult(result))}`,
          ]
    }),
  )
  return lines.join('\n')
}
