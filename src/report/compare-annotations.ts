/** The record of a comparison as GitHub's workflow commands: an error for each metric that is worse, a warning for each not known. */
import type { ComparedMetric, CompareRecord } from '../record/compare/schema.js'
import { formatChange, formatP, formatSize, formatValue } from './compare-columns.js'

export function renderAnnotations(record: CompareRecord): string {
  const lines = record.comparisons.flatMap(({ results }) =>
    results.flatMap((result) => {
      const level = { worse: 'error', inconclusive: 'warning', same: null, better: null }[result.verdict]
      return level === null
        ? []
        : [`::${level} title=${property(`asp compare: ${result.verdict}`)}::${data(describeResult(result))}`]
    }),
  )
  return lines.join('\n')
}

/** A result in one line: `hellaswag acc: 0.3100 to 0.2650, -0.0450 (-0.0840 to -0.0062), p 0.0213; worse: ...` */
export function describeResult(result: ComparedMetric): string {
  const { cell, task, metric, base, low, high, p_holm, verdict, reason, detectable } = result
  const name = [cell, task, metric].filter((part) => part !== '').join(' ')
  const interval =
    low === null || high === null ? '' : ` (${formatChange(result, low)} to ${formatChange(result, high)})`
  const p = p_holm === null ? '' : `, p ${formatP(p_holm)}`
  const size =
    detectable === null
      ? 'no loss could be shown'
      : `a loss of ${formatSize(result, detectable)} could be shown`
  return (
    `${name}: ${formatValue(metric, base)} to ${formatValue(metric, result.new)}, ` +
    `${formatChange(result, result.change)}${interval}${p}; ${verdict}: ${reason}; ${size}`
  )
}

/** GitHub's own escapes. */
const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
