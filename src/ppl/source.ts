/** What is scored: text through the model's tokenizer, or token shards as they are, and where each token begins in the text. */
import type { FetchOptions } from '../data/hub/hub.js'
import { type LoadedText, readText } from '../data/text.js'
import { checkTokens, readTokenShards, type TokenShards } from '../data/token-shards.js'
import { tokenStarts } from '../data/token-starts.js'
import { tokenText } from '../data/token-text.js'
import { Failure } from '../errors.js'
import type { PreparedModel } from '../run/model.js'
import type { PplOptions } from './options.js'
import { NEXT } from './windows.js'

export interface TokenizedText {
  loaded: LoadedText
  tokens: Uint32Array
  /** (tokens + 1), in UTF-16 units; the last is where the text ends. */
  starts: Uint32Array
}

/** Shards have billions of tokens, of which text is made in memory. */
const MOST_TOKENS = 2 ** 24

/** @throws Failure on what cannot be read, and on a shard of too many tokens or with an id that the model has no row for */
export async function readTokens(
  { inputs, column, tokens: wanted, protocol }: PplOptions,
  model: PreparedModel,
  onProgress: FetchOptions['onProgress'],
): Promise<TokenizedText> {
  const most = wanted === undefined ? undefined : wanted + NEXT[protocol]
  // What is refused for its number of tokens is not read whole first.
  const shards = await readTokenShards(inputs, Math.min(most ?? Number.POSITIVE_INFINITY, MOST_TOKENS + 2))
  if (shards !== null) return fromShards(shards, model)
  const { tokenizer } = model
  const loaded = await readText(inputs, { column, onProgress })
  const tokens = tokenizer.encode(loaded.text)
  const starts = tokenStarts(loaded.text, tokens, tokenizer)
  if (most === undefined || most >= tokens.length) return { loaded, tokens, starts }
  const text = loaded.text.slice(0, starts[most])
  return { loaded: { ...loaded, text }, tokens: tokens.slice(0, most), starts: starts.slice(0, most + 1) }
}

function fromShards(shards: TokenShards, { checkpoint, tokenizer }: PreparedModel): TokenizedText {
  const { sources } = shards
  if (shards.tokens.length > MOST_TOKENS + 1) {
    throw new Failure(`${sources[0].source}: at most ${MOST_TOKENS} tokens are scored at a time, got more`, {
      hint: 'take the first of them: --tokens 10485760',
    })
  }
  const tokens = Uint32Array.from(shards.tokens)
  checkTokens(tokens, checkpoint.config.vocabSize, shards)
  const { text, starts } = tokenText(tokens, tokenizer)
  return { loaded: { text, sources }, tokens, starts }
}
