/** A metric's value of each document, where a record has one. */
import type { PerDocumentRecord } from './schema.js'

/** Undefined for figures that are not one number a document, such as perplexity. */
export function documentValues(
  { metrics, recall }: Pick<PerDocumentRecord, 'metrics' | 'recall'>,
  metric: string,
): readonly number[] | undefined {
  return metrics[metric] ?? (metric === 'margin' ? recall?.margin : undefined)
}
