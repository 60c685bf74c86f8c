/** Work on a device in batches: cut by tokens, a few under way at a time. */
import { isAbort } from '../errors.js'

/** In order; what is longer than a batch's tokens is a batch of its own. */
export function* inBatches<T>(
  items: readonly T[],
  tokens: number,
  length: (item: T) => number,
): Generator<T[]> {
  let open: T[] = []
  let filled = 0
  for (const item of items) {
    const own = length(item)
    if (open.length > 0 && filled + own > tokens) {
      yield open
      open = []
      filled = 0
    }
    open.push(item)
    filled += own
  }
  if (open.length > 0) yield open
}

/** On the device while the host reads earlier results and prepares later batches. */
const IN_FLIGHT = 2

/**
 * What `start` gives for each batch, in order. No further batch is started once the signal is aborted; those under way may be given up
 * with its reason, which ends this as if they had never begun.
 */
export async function* pipelined<B, R>(
  batches: Iterable<B>,
  start: (batch: B) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<{ batch: B; result: R }> {
  const flying: { batch: B; result: Promise<R> }[] = []
  const land = async (): Promise<{ batch: B; result: R }> => {
    const { batch, result } = flying.splice(0, 1)[0]
    return { batch, result: await result }
  }
  try {
    for (const batch of batches) {
      if (signal?.aborted) break
      const result = start(batch)
      result.catch(() => {})
      flying.push({ batch, result })
      if (flying.length >= IN_FLIGHT) yield await land()
    }
    while (flying.length > 0) yield await land()
  } catch (error) {
    if (!isAbort(error, signal)) throw error
  } finally {
    await Promise.allSettled(flying.map(({ result }) => result))
  }
}
