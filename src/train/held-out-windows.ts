/** Which part of a text is kept aside for evaluation. Pure. */
import { Failure } from '../errors.js'
import type { TokenStream } from './encode.js'

/** Windows `first` to `first + windows - 1` of a text, back to back. */
export interface WindowRun {
  first: number
  windows: number
}

/**
 * Keeps `wanted` of `count` windows aside, in runs of up to `together` windows that are spread evenly over the text, so
 * that longer contexts than one window can be measured on them. The rest, in order, is for training.
 */
export function splitWindows(
  count: number,
  wanted: number,
  together: number,
): { train: Uint32Array; heldOut: WindowRun[] } {
  const sizes = Array.from({ length: Math.ceil(wanted / together) }, (_, i) =>
    Math.min(together, wanted - i * together),
  )
  const gap = (count - wanted) / (sizes.length + 1)
  const heldOut: WindowRun[] = []
  let kept = 0
  for (const [i, windows] of sizes.entries()) {
    heldOut.push({ first: Math.floor(gap * (i + 1)) + kept, windows })
    kept += windows
  }
  const isHeldOut = new Set(heldOut.flatMap(({ first, windows }) => range(first, windows)))
  return { train: Uint32Array.from(range(0, count).filter((i) => !isHeldOut.has(i))), heldOut }
}

/**
 * `windows` times ctx tokens of a text of its own, in stretches of `longest` tokens spread evenly over it; all of it
 * where it has no more than that.
 */
export function stretchesOf(
  tokens: TokenStream,
  { ctx, longest, windows }: { ctx: number; longest: number; windows: number },
): Uint32Array[] {
  if (tokens.length < ctx) {
    throw new Failure(`--eval-data: must have at least ${ctx} tokens, got ${tokens.length}`, {
      hint: 'give more text, or a shorter --ctx',
    })
  }
  const length = Math.min(longest, Math.floor(tokens.length / ctx) * ctx)
  const count = Math.max(1, Math.min(Math.ceil((windows * ctx) / length), Math.floor(tokens.length / length)))
  const gap = count === 1 ? 0 : (tokens.length - length) / (count - 1)
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor(i * gap)
    return Uint32Array.from(tokens.subarray(start, start + length))
  })
}

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i)
