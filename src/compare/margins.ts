/** How much worse is still the same: a table of usual margins, and what `--margin` says instead. Pure. */
import { Failure } from '../errors.js'
import type { Pair } from './pairs.js'

/** In the metric's own unit, or a share of the base's value. */
export interface Margin {
  size: number
  relative: boolean
}

export type Margins = Readonly<Record<string, Margin>>

const of = (size: number): Margin => ({ size, relative: false })
const share = (size: number): Margin => ({ size, relative: true })

/** Changes too small to act on: half a point, half a percent; of speed 5 %, of memory 1 %. */
export const USUAL_MARGINS: Margins = {
  acc: of(0.005),
  acc_norm: of(0.005),
  exact_match: of(0.005),
  margin: of(0.1),
  logprob: share(0.005),
  perplexity: share(0.005),
  word_perplexity: share(0.005),
  byte_perplexity: share(0.005),
  bits_per_byte: share(0.005),
  speedup: share(0.05),
  tokens_per_s: share(0.05),
  cache_bytes: share(0.01),
  cache_peak_bytes: share(0.01),
}

/** `acc=0.01,word_perplexity=1%` */
export function parseMargins(text: string): Margins {
  const parts = text.split(',').map((part) => part.trim())
  return Object.fromEntries(
    parts.map((part) => {
      const { metric, size, percent } =
        /^(?<metric>\w+)=(?<size>\d*\.?\d+)(?<percent> ?%)?$/.exec(part)?.groups ?? {}
      if (metric === undefined || !Object.hasOwn(USUAL_MARGINS, metric)) {
        throw new Failure(`--margin: must be metric=size, got ${JSON.stringify(part)}`, {
          hint: `for example acc=0.01,word_perplexity=1%; metrics: ${Object.keys(USUAL_MARGINS).join(', ')}`,
        })
      }
      const margin = percent === undefined ? of(Number(size)) : share(Number(size) / 100)
      checkSize(metric, margin, part)
      return [metric, margin]
    }),
  )
}

/** Shares of right documents. */
const SHARES = ['acc', 'acc_norm', 'exact_match']
/** What cannot lose more than all of it. */
const BOUNDED = [...SHARES, 'speedup', 'tokens_per_s']

/** A margin that every loss is within would make a gate that nothing fails. */
function checkSize(metric: string, { size, relative }: Margin, part: string): void {
  const bounded = relative ? BOUNDED : SHARES
  if (!bounded.includes(metric) || size < 1) return
  const said = relative
    ? `must be below 100 %, got ${JSON.stringify(part)}`
    : `${metric} is a share from 0 to 1, got ${JSON.stringify(part)}`
  throw new Failure(`--margin: ${said}`, {
    hint: relative ? `for example ${metric}=5%` : `for example ${metric}=0.05`,
  })
}

/** The margin of a pair on the scale of gains: a loss in the metric's unit, or the logarithm of a ratio. */
export function marginGain({ scale, base, higherIsBetter }: Pair, { size, relative }: Margin): number {
  if (scale === 'difference') return relative ? size * Math.abs(base) : size
  const loss = relative ? size : size / Math.abs(base)
  return higherIsBetter ? -Math.log(Math.max(1e-9, 1 - loss)) : Math.log1p(loss)
}
