import { Failure } from '../errors.js'

/** Windows of `ctx` tokens, one after the other; a last part of one is left out. Failure: there is not a whole one. */
export function wholeWindows(tokens: Uint32Array, ctx: number): Uint32Array[] {
  const count = Math.floor(tokens.length / ctx)
  if (count === 0) {
    throw new Failure(`text: must have at least ${ctx} tokens, one window, got ${tokens.length}`, {
      hint: 'give more text or a shorter context length',
    })
  }
  return Array.from({ length: count }, (_, i) => tokens.subarray(i * ctx, (i + 1) * ctx))
}
