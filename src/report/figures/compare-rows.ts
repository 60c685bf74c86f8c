/** A record of `asp compare` -> rows: each change with its interval, its margin and what was concluded. Pure. */
import type { CompareRecord } from '../../record/compare/schema.js'
import { origin, type Place } from './place.js'
import type { ComparisonRow } from './rows.js'

export function comparisonRows(
  { base: baseOfAll, comparisons }: CompareRecord,
  place: Place,
): ComparisonRow[] {
  return comparisons.flatMap(({ base, record, results }, c) =>
    results.flatMap((result, r) => {
      const { base: before, new: after, change } = result
      // What was not finite has no place in a plot.
      if (before === null || after === null || change === null) return []
      return [
        {
          ...origin(place, `comparisons[${c}].results[${r}]`),
          base: (base ?? baseOfAll).file,
          compared: record.file,
          test: result.cell === '' ? result.task : `${result.cell}: ${result.task}`,
          metric: result.metric,
          higherIsBetter: result.higher_is_better,
          scale: result.scale,
          before,
          after,
          change,
          low: result.low,
          high: result.high,
          // A loss of this size is taken for none.
          limit: result.higher_is_better ? -result.margin : result.margin,
          n: result.n,
          p: result.p_holm,
          verdict: result.verdict,
          reason: result.reason,
        },
      ]
    }),
  )
}
