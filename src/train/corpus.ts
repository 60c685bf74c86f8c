/** Text -> windows to train on and windows kept aside: what a run reads its sequences from. */
import { createHash } from 'node:crypto'
import type { FetchProgress } from '../data/hub/hub.js'
import { readDocuments, type TextSource } from '../data/text.js'
import { checkTokens, readTokenShards } from '../data/token-shards.js'
import type { Tokenizer } from '../data/tokenizer.js'
import { Failure } from '../errors.js'
import { type EncodeOptions, encodeDocuments, type TokenStream } from './encode.js'
import { splitWindows, stretchesOf } from './held-out-windows.js'

export interface CorpusOptions {
  data: readonly string[]
  /** Tokens of `data` that are taken, from its beginning; all when undefined. */
  tokens?: number
  /** Text of its own to evaluate on, in place of windows of the training text. */
  evalData: readonly string[]
  column: string
  /** T: tokens of a window. */
  ctx: number
  /** Longest context that the model takes: held-out windows lie together in stretches as long. */
  longest: number
  /** V, which ids in token shards must be below. */
  modelVocab: number
  /** Windows of ctx tokens to evaluate on; undefined for HELD_OUT of them. */
  heldOut?: number
}

export interface CorpusHooks extends EncodeOptions {
  onFetch?: (progress: FetchProgress) => void
}

export interface Corpus {
  ctx: number
  /** Where each window to train on begins in the tokens. */
  windows: Uint32Array
  /** (T) tokens of window `i`. */
  window(i: number): Uint32Array
  /** Unbroken stretches of text to evaluate on, each of at least ctx tokens. */
  heldOut: Uint32Array[]
  data: CorpusFacts
  evalData: CorpusFacts & { kind: 'split' | 'text' }
}

export interface CorpusFacts {
  sources: TextSource[]
  documents: number
  /** Null of token shards. */
  characters: number | null
  /** Of the text; of what is kept aside, its own. */
  tokens: number
  /** SHA-256 over the tokens that are used, as 32-bit words. */
  sha256: string
}

/** Windows that are kept aside by default: enough for a curve, at most a twentieth of all. */
export const HELD_OUT = 16
const HELD_OUT_SHARE = 0.05

/** @throws Failure on what `readDocuments` throws for, and on text too short for a single window beside those kept aside */
export async function loadCorpus(
  options: CorpusOptions,
  tokenizer: Tokenizer,
  hooks: CorpusHooks = {},
): Promise<Corpus> {
  const { ctx, longest } = options
  const own = options.evalData.length > 0
  const text = await readStream(options.data, options.tokens, options, tokenizer, hooks)
  const evalText = own ? await readStream(options.evalData, undefined, options, tokenizer, hooks) : null
  const tokens = text.stream
  const count = Math.floor(tokens.length / ctx)
  const wanted = options.heldOut ?? Math.max(1, Math.min(HELD_OUT, Math.floor(count * HELD_OUT_SHARE)))
  if (count < (own ? 1 : 1 + wanted)) {
    const beside = own ? '' : ` beside the ${wanted} kept aside`
    throw new Failure(
      `--data: must have a window of ${ctx} tokens to train on${beside}, got ${tokens.length} tokens`,
      { hint: 'give more text, a shorter --ctx, or --eval-data' },
    )
  }
  const split = own
    ? { train: Uint32Array.from({ length: count }, (_, i) => i), heldOut: [] }
    : splitWindows(count, wanted, Math.max(1, Math.floor(longest / ctx)))
  const heldOut = evalText
    ? stretchesOf(evalText.stream, { ctx, longest, windows: options.heldOut ?? HELD_OUT })
    : split.heldOut.map(({ first, windows }) =>
        Uint32Array.from(tokens.subarray(first * ctx, (first + windows) * ctx)),
      )
  const windows = split.train.map((i) => i * ctx)
  const window = (i: number): Uint32Array => Uint32Array.from(tokens.subarray(windows[i], windows[i] + ctx))
  const facts = ({ stream, ...from }: StreamOf, sha256: string): CorpusFacts => ({
    ...from,
    tokens: stream.length,
    sha256,
  })
  return {
    ctx,
    windows,
    window,
    heldOut,
    data: facts(text, hashOf(windows.length, window)),
    evalData: {
      kind: own ? 'text' : 'split',
      ...facts(
        evalText ?? text,
        hashOf(heldOut.length, (i) => heldOut[i]),
      ),
    },
  }
}

interface StreamOf extends Pick<CorpusFacts, 'sources' | 'documents' | 'characters'> {
  stream: TokenStream
}

/** Token shards as they are, anything else through the tokenizer. */
async function readStream(
  inputs: readonly string[],
  most: number | undefined,
  { column, modelVocab }: CorpusOptions,
  tokenizer: Tokenizer,
  hooks: CorpusHooks,
): Promise<StreamOf> {
  const shards = await readTokenShards(inputs, most)
  if (shards !== null) {
    checkTokens(shards.tokens, modelVocab, shards)
    return {
      sources: shards.sources,
      documents: shards.sources.length,
      characters: null,
      stream: shards.tokens,
    }
  }
  const { documents, sources } = await readDocuments(inputs, { column, onProgress: hooks.onFetch })
  const stream = await encodeDocuments(documents, tokenizer, hooks)
  const characters = documents.reduce((sum, { length }) => sum + length, 0)
  return { sources, documents: documents.length, characters, stream: stream.subarray(0, most) }
}

function hashOf(count: number, part: (i: number) => Uint32Array): string {
  const hash = createHash('sha256')
  for (let i = 0; i < count; i++) hash.update(part(i))
  return hash.digest('hex')
}
