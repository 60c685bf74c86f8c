/** Ctrl-C while the device works: what is under way may end within a moment, then it is given up. */

/** Most batches are done by then. */
const GRACE_MS = 800

/**
 * Calls `giveUp` a moment after the signal has been aborted. Gives a function that calls it off; a process does not wait for it.
 */
export function afterGrace(signal: AbortSignal | undefined, giveUp: (reason: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    timer = setTimeout(() => giveUp(signal?.reason), GRACE_MS).unref()
  }
  if (signal?.aborted) wait()
  else signal?.addEventListener('abort', wait, { once: true })
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', wait)
  }
}
