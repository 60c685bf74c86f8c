/** Tables of what lies behind a benchmark's figures: latency and memory along the context, and the cost by stage. */
import { stageShares } from '../record/bench/build.js'
import {
  BENCH_STAGES,
  type BenchConfiguration,
  type BenchCurve,
  type BenchRecord,
} from '../record/bench/schema.js'
import { median } from '../stats/basics.js'
import { batchText, type Grid, milliseconds, policyName } from './bench-names.js'
import { formatPercent, formatRate, formatShare } from './format.js'

/** Points of a context length of which a table tells. */
const SHARES = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1]
/** A point is the median of this share of the context on either side: a single step's time is noisy. */
const NEAR = 1 / 32
/** A prompt this short is not what pruning is for: nearly everything in it is recent. */
const SHORT = 256

/** Milliseconds of a step at some lengths, and the largest share of the dense cache that was ever live. */
export function curveTable({ curves, configurations, method }: BenchRecord): Grid {
  const lengths = [
    ...new Set(curves.flatMap(({ configuration }) => pointsOf(configurations[configuration].ctx))),
  ]
  lengths.sort((a, b) => a - b)
  return {
    title: `One token at a time: milliseconds of a step at a length, by the ${method.clock}'s clock`,
    columns: [
      { head: 'Policy', align: 'left' },
      { head: 'Sparsity', align: 'right' },
      { head: 'Batch', align: 'right' },
      { head: 'Settings', align: 'left' },
      ...lengths.map((length) => ({ head: String(length), align: 'right' as const })),
      { head: 'Over dense\nat the end', align: 'right' },
      { head: `Live over dense\nat most, past ${SHORT}`, align: 'right' },
    ],
    rows: curves.map((curve) => {
      const configuration = configurations[curve.configuration]
      const dense = curves.find((one) => one.configuration === configuration.baseline)
      const { ctx } = configuration
      return [
        policyName(configuration),
        configuration.sparsity?.toString() ?? '-',
        batchText(configuration),
        settingsText(configuration),
        ...lengths.map((length) => (length > ctx ? '' : textOrNothing(latencyAt(curve, length, ctx)))),
        gainAt(curve, dense, configuration, configurations),
        largestRatio(curve),
      ]
    }),
  }
}

const pointsOf = (ctx: number): number[] => SHARES.map((share) => Math.floor(share * ctx))

/** Median seconds of the steps near a length; null where there is none. */
export function latencyAt(
  { lengths, device_s, host_s }: BenchCurve,
  length: number,
  ctx: number,
): number | null {
  const reach = Math.max(1, NEAR * ctx)
  const seconds = (device_s ?? host_s).filter((_, i) => Math.abs(lengths[i] - length) <= reach)
  return seconds.length === 0 ? null : median(seconds)
}

/** Tokens/s over the baseline's at the end of the context. */
function gainAt(
  curve: BenchCurve,
  dense: BenchCurve | undefined,
  { ctx, batch, baseline }: BenchConfiguration,
  configurations: readonly BenchConfiguration[],
): string {
  if (dense === undefined || baseline === null) return ''
  const own = latencyAt(curve, ctx, ctx)
  const other = latencyAt(dense, ctx, ctx)
  if (own === null || other === null) return ''
  const scale = (batch ?? 1) / (configurations[baseline].batch ?? 1)
  return `${((scale * other) / own).toFixed(2)}x`
}

function largestRatio({ lengths, live_ratio }: BenchCurve): string {
  const past = (live_ratio ?? []).filter((_, i) => lengths[i] > SHORT)
  return past.length === 0 ? '' : formatShare(Math.max(...past), 3)
}

/** Shares of the device's time, and the time of a token. */
export function stageTable({ results, configurations }: BenchRecord): Grid {
  return {
    title: 'Share of the device time by stage, measured apart',
    columns: [
      { head: 'Test', align: 'left' },
      { head: 'Policy', align: 'left' },
      { head: 'Sparsity', align: 'right' },
      { head: 'Batch', align: 'right' },
      { head: 'Settings', align: 'left' },
      ...BENCH_STAGES.map((stage) => ({ head: stage, align: 'right' as const })),
      { head: 'us\na token', align: 'right' },
    ],
    rows: results.flatMap(({ stages, stage_tokens, test, configuration: id }) => {
      if (stages === null || stage_tokens === null) return []
      const configuration = configurations[id]
      const shares = stageShares(stages)
      const total = Object.values(stages).reduce((sum, seconds) => sum + seconds, 0)
      return [
        [
          test,
          policyName(configuration),
          configuration.sparsity?.toString() ?? '-',
          batchText(configuration),
          settingsText(configuration),
          ...BENCH_STAGES.map((stage) => formatPercent(shares[stage])),
          formatRate((1e6 * total) / stage_tokens),
        ],
      ]
    }),
  }
}

const settingsText = ({ dtype, cache, cache_dtype }: BenchConfiguration): string =>
  `${dtype}, ${cache} ${cache_dtype}`

const textOrNothing = (seconds: number | null): string => (seconds === null ? '' : milliseconds(seconds))
