/** A file that breaks a promise, made as small as it can be while it still does: what then becomes a test. */

/** Files tried at most. */
const MOST = 600

/**
 * Takes away ever smaller stretches, as long as what is left breaks the same (delta debugging, Zeller and Hildebrandt 2002).
 * @param breaks whether a file still does
 */
export async function minimise(file: Buffer, breaks: (smaller: Buffer) => Promise<boolean>): Promise<Buffer> {
  let smallest = file
  let tried = 0
  for (let size = smallest.length >> 1; size >= 1 && tried < MOST; size >>= 1) {
    for (let at = 0; at < smallest.length && tried < MOST; ) {
      const smaller = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      tried++
      if (await breaks(smaller)) smallest = smaller
      else at += size
    }
  }
  return smallest
}

/** What a fault is, without the figures and names of this one file. */
export const kindOf = (fault: string | null): string | null =>
  fault?.replace(/"[^"]*"|\d+/g, '').slice(0, 40) ?? null
