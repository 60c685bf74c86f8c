/** Tables of what lies behind a benchmark's figures: latency and memory along the context, and the cost by stage. */
import { stageSeconds, stageShares } from '../record/bench/build.js'
import type { BenchConfiguration, BenchCurve, BenchRecord, BenchResult } from '../record/bench/schema.js'
import { BENCH_STAGES } from '../record/names.js'
import { median } from '../stats/basics.js'
import { batchText, measurable, milliseconds, policyName, settingText, sparsityText } from './bench-words.js'
import { formatPercent, formatRate, formatShare } from './format.js'
import { type Column, key, left, right } from './grid.js'
import { type Grid, grid } from './sheet.js'

/** Points of a context length of which a table tells. */
const SHARES = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1]
/** A point is the median of this share of the context on either side: a single step's time is noisy. */
const NEAR = 1 / 32
/** A prompt this short is not what pruning is for: nearly everything in it is recent. */
const SHORT = 256

/** What was run, as both tables begin. */
const configurationColumns = <Row>(of: (row: Row) => BenchConfiguration): Column<Row>[] => [
  key(left('Policy', (row) => policyName(of(row)))),
  key(right('Sparsity', (row) => sparsityText(of(row)))),
  right('Batch', (row) => batchText(of(row))),
  left('Settings', (row) => settingText(of(row))),
]

/** Milliseconds of a step at some lengths, and the largest share of the dense cache that was ever live. */
export function curveGrid({ curves, configurations, method }: BenchRecord): Grid[] {
  if (curves.length === 0) return []
  const configurationOf = ({ configuration }: BenchCurve): BenchConfiguration => configurations[configuration]
  const lengths = [...new Set(curves.flatMap((curve) => pointsOf(configurationOf(curve).ctx)))]
  const columns: Column<BenchCurve>[] = [
    ...configurationColumns(configurationOf),
    ...lengths
      .sort((a, b) => a - b)
      .map((length) =>
        right<BenchCurve>(String(length), (curve) => stepAt(curve, length, configurationOf(curve))),
      ),
    right('Over dense\nat the end', (curve) => gainAtEnd(curve, curves, configurations)),
    right(`Live over dense\nat most, past ${SHORT}`, largestRatio),
  ]
  const title = `One token at a time: milliseconds of a step at a length, by the ${method.clock}'s clock`
  return [grid(columns, curves, title)]
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

function stepAt(curve: BenchCurve, length: number, { ctx }: BenchConfiguration): string {
  const seconds = length > ctx ? null : latencyAt(curve, length, ctx)
  return seconds === null ? '' : milliseconds(seconds)
}

/** Tokens/s over the baseline's at the end of the context. */
function gainAtEnd(
  curve: BenchCurve,
  curves: readonly BenchCurve[],
  configurations: readonly BenchConfiguration[],
): string {
  const { ctx, batch, baseline } = configurations[curve.configuration]
  const dense = curves.find(({ configuration }) => configuration === baseline)
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
export function stageGrid({ results, configurations }: BenchRecord): Grid[] {
  const rows = results.flatMap(({ stages, stage_tokens: tokens, test, configuration: id }): StageRow[] =>
    stages === null || tokens === null
      ? []
      : [{ test, configuration: configurations[id], stages, shares: stageShares(stages), tokens }],
  )
  const columns: Column<StageRow>[] = [
    key(left('Test', ({ test }) => test)),
    ...configurationColumns(({ configuration }: StageRow) => configuration),
    ...BENCH_STAGES.map((stage) =>
      right<StageRow>(stage, ({ shares }) => measurable(shares[stage], formatPercent)),
    ),
    right('us\na token', ({ stages, tokens }) => {
      return measurable(stageSeconds(stages), (total) => formatRate((1e6 * total) / tokens))
    }),
  ]
  return rows.length === 0
    ? []
    : [grid(columns, rows, 'Share of the device time by stage, measured separately')]
}

interface StageRow {
  test: string
  configuration: BenchConfiguration
  stages: NonNullable<BenchResult['stages']>
  shares: ReturnType<typeof stageShares>
  tokens: number
}
