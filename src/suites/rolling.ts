/** Windows of rolling log-likelihood (docs/lm-eval.md, Rolling windows). Every token is predicted exactly once. Pure. */

export interface Window {
  /** What the model is fed, at most `maxLength` tokens. */
  input: number[]
  /** What the last `targets.length` rows predict. */
  targets: number[]
}

/**
 * The first window starts from the prefix token; each later one predicts `maxLength` new tokens after one token of
 * context, and the last is filled up with the tokens on its left.
 */
export function rollingWindows(tokens: ArrayLike<number>, prefixToken: number, maxLength: number): Window[] {
  const text = Array.from(tokens)
  const windows: Window[] = []
  for (let start = 0; start < text.length; start += maxLength) {
    const end = Math.min(start + maxLength, text.length)
    const input =
      start === 0
        ? [prefixToken, ...text.slice(0, end - 1)]
        : text.slice(Math.max(0, end - 1 - maxLength), end - 1)
    windows.push({ input, targets: text.slice(start, end) })
  }
  return windows
}
