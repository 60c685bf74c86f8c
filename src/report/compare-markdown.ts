/** The record of a comparison as Markdown: a comment on a pull request, verdict first, details folded. */
import type { CompareRecord, Comparison, Verdict } from '../record/compare/schema.js'
import {
  columnsOf,
  countVerdicts,
  describeDifferences,
  describeFamily,
  describeResult,
  resultsWith,
} from './compare-columns.js'
import { hasMatrix, matrixColumns, matrixRows } from './compare-matrix.js'
import { describeFlip, flipGroups } from './compare-table.js'
import { markdown, markdownCode } from './escape.js'
import { plural } from './format.js'
import { renderGrid } from './grid.js'

/** By which a workflow finds its own comment again. */
const COMMENT_MARK = '<!-- asp compare -->'

const SAID: Record<Verdict, string> = {
  better: 'better',
  same: 'not worse',
  worse: '**worse**',
  inconclusive: 'inconclusive: not shown to be worse, nor to be no worse',
}

export function renderCompareMarkdown(record: CompareRecord, { flips: most }: { flips: number }): string {
  return [
    COMMENT_MARK,
    `### asp compare: ${SAID[record.verdict]}`,
    ...worseList(record),
    ...(hasMatrix(record) ? [renderGrid(matrixColumns(record), matrixRows(record), { form: 'md' })] : []),
    ...record.comparisons.map((comparison) => renderOne(record, comparison, most)),
    `<sub>${describeFamily(record)}.</sub>`,
  ].join('\n\n')
}

/** First, as a comment is read from its beginning. */
function worseList(record: CompareRecord): string[] {
  const lines = resultsWith(record, 'worse').map(
    ({ file, result }) => `- ${markdownCode(file)}: ${markdown(describeResult(result))}`,
  )
  return lines.length === 0 ? [] : [lines.join('\n')]
}

function renderOne(record: CompareRecord, comparison: Comparison, most: number): string {
  const { results, notes } = comparison
  const flips = flipGroups(comparison.flips).map(({ name, flips }) => {
    const lines = flips.slice(0, most).map((flip) => `- ${flip.kind}: ${markdown(describeFlip(flip))}`)
    const more = flips.length > most ? [`- and ${flips.length - most} more`] : []
    return [
      `<details><summary>${markdown(name)}: ${plural(flips.length, 'document')} changed</summary>`,
      '',
      ...lines,
      ...more,
      '',
      '</details>',
    ].join('\n')
  })
  return [
    `${markdownCode(comparison.record.file)} against ${markdownCode((comparison.base ?? record.base).file)}: ${countVerdicts(results)} ` +
      `(${markdown(describeDifferences(record, comparison))}).`,
    renderGrid(columnsOf(record), results, { form: 'md' }),
    ...flips,
    ...notes.map((note) => `Left out: ${markdown(note)}`),
  ].join('\n\n')
}
