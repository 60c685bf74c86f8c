/** The 95 % interval of a metric, the same in tables, plots and pages. Pure. */
import { type Interval, logInterval, normalInterval, wilsonInterval } from '../stats/basics.js'

export interface MetricFigure {
  metric: string
  value: number
  stderr: number
  documents: number
  /** A mean over tasks. */
  group: boolean
}

/**
 * Wilson's score interval for the share of documents that are right, 1.96 standard errors to either side for a mean of
 * shares, the same on the logarithm for a perplexity. Over the documents scored, as if they were drawn at random.
 */
export function metricInterval({ metric, value, stderr, documents, group }: MetricFigure): Interval {
  if (metric.endsWith('perplexity')) return logInterval(value, stderr)
  return group ? normalInterval(value, stderr) : wilsonInterval(value, documents)
}
