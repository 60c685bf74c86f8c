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

/** Changes too small to act on: half a point, half a percent, a hundredth of a nat; of speed 5 %, of memory 1 %. */
export const USUAL_MARGINS: Margins = {
  acc: of(0.005),
  acc_norm: of(0.005),
  logprob: of(0.01),
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
      if (metric === undefined || !(metric in USUAL_MARGINS)) {
        throw new Failure(`--margin: must be metric=size, got ${JSON.stringify(part)}`, {
          hint: `for example acc=0.01,word_perplexity=1%; metrics: ${Object.keys(USUAL_MARGINS).join(', ')}`,
        })
      }
      return [metric, percent === undefined ? of(Number(size)) : share(Number(size) / 100)]
    }),
  )
}

/** The margin of a pair on the scale of gains: a loss in the metric's unit, or the logarithm of a ratio. */
export function marginGain({ scale, base, higherIsBetter }: Pair, { size, relative }: Margin): number {
  if (scale === 'difference') return relative ? size * Math.abs(base) : size
  const loss = relative ? size : size / Math.abs(base)
  return higherIsBetter ? -Math.log(Math.max(1e-9, 1 - loss)) : Math.log1p(loss)
}
