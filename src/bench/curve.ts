/** Latency and memory against context length, one token at a time, of configurations that take turns. */
import { orderOfRound } from './configurations.js'
import { type Decoder, fill, forcedTokens } from './run-test.js'

export interface CurveRunner {
  decoder: Decoder
  /** (B) tokens, each at least one longer than the curve. */
  windows: readonly Uint32Array[]
}

/** One entry a measured point. */
export interface Curve {
  /** Tokens of a sequence after the step: the keys a query could see, were nothing dropped. */
  lengths: number[]
  /** Seconds of one step of the whole batch; null where the device has no clock. */
  device: (number | null)[]
  host: number[]
  /** Bytes: CacheUsage after the step. */
  allocated: number[]
  held: number[]
  live: number[]
}

export interface CurveOptions {
  /** Tokens of a sequence at the end. */
  ctx: number
  /** Steps of a submission: 1 waits for every token, more gives their mean. */
  step: number
  signal?: AbortSignal
  now?: () => number
  /** `done` of all runners' steps together. */
  onProgress?: (done: number, total: number) => void
}

/** Steps that a runner takes before the next one does: a drift of the machine's speed then falls on all alike. */
const TURN = 4

/** Stops early, with what it has, when the signal aborts. */
export async function measureCurves(
  runners: readonly CurveRunner[],
  { ctx, step, signal, now = () => performance.now(), onProgress }: CurveOptions,
): Promise<Curve[]> {
  const curves = runners.map(
    (): Curve => ({ lengths: [], device: [], host: [], allocated: [], held: [], live: [] }),
  )
  const total = runners.length * (ctx - 1)
  for (const { decoder, windows } of runners) await fill(decoder, windows, 1)
  let done = 0
  for (let turn = 0, length = 1; length < ctx; turn++, length += TURN * step) {
    const end = Math.min(ctx, length + TURN * step)
    for (const i of orderOfRound(turn, runners.length)) {
      for (let at = length; at < end; at += step) {
        if (signal?.aborted) return curves
        const count = Math.min(step, end - at)
        const { decoder, windows } = runners[i]
        const began = now()
        const { seconds, usage } = await decoder.decode(
          windows.map((_, slot) => slot),
          count,
          forcedTokens(windows, at + 1, count),
        )
        const curve = curves[i]
        curve.lengths.push(at + count)
        curve.host.push((now() - began) / 1000 / count)
        curve.device.push(seconds === null ? null : seconds / count)
        curve.allocated.push(usage.allocated)
        curve.held.push(usage.held)
        curve.live.push(usage.live)
        done += count
        onProgress?.(done, total)
      }
    }
  }
  return curves
}
