/** What a prepared run knows -> the parts of its record. Pure. */
import type { ContextParts, PplParts } from '../record/ppl/build.js'
import { sum } from '../stats/basics.js'
import type { PlannedContext, PreparedPpl } from './prepare.js'
import { amountBetween } from './spans.js'
import { PROTOCOLS, type Window } from './windows.js'

export function textParts({ loaded, options, tokens, starts, stretches }: PreparedPpl): PplParts['text'] {
  const { text, sources } = loaded
  return {
    text,
    sources: [...sources],
    column: options.column,
    documents: sum(sources.map(({ documents }) => documents)),
    characters: text.length,
    ...amountBetween(text, starts, 0, tokens.length),
    tokens: tokens.length,
    stretches,
  }
}

export function protocolParts({ options: { protocol }, tokenizer }: PreparedPpl): PplParts['protocol'] {
  const { description, hasPrefix } = PROTOCOLS[protocol]
  return { name: protocol, description, prefix_token: hasPrefix ? tokenizer.prefixToken : null }
}

/** A context length of which nothing is scored yet. */
export function emptyContext({ ctx, stride, windows }: PlannedContext): ContextParts {
  return {
    ctx,
    stride,
    windows,
    rules: [],
    amount: { words: 0, bytes: 0 },
    seconds: { calibrate: 0, score: 0, adapter: null },
  }
}

/** Words and bytes of the scored tokens. */
export function scoredAmount(
  { loaded: { text }, starts }: PreparedPpl,
  windows: readonly Window[],
): ContextParts['amount'] {
  const amounts = windows.map(({ firstTarget, targets }) =>
    amountBetween(text, starts, firstTarget, firstTarget + targets.length),
  )
  return { words: sum(amounts.map(({ words }) => words)), bytes: sum(amounts.map(({ bytes }) => bytes)) }
}
