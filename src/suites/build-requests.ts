/** Example -> Requests: text pairs into tokens, as lm-eval's causal backend does (docs/lm-eval.md, Encoding a pair and Truncation). */
import { trailingWhitespace } from '../data/python-text.js'
import { Failure } from '../errors.js'
import type { Example, TextPair } from './example.js'
import type { Request } from './request.js'
import { rollingWindows } from './rolling.js'
import type { Suite } from './suite.js'

/** The part of a tokenizer requests need. */
export interface Encoder {
  /** With the tokens that the tokenizer puts around a text. */
  encode(text: string): Uint32Array
  /** Without them. */
  encodeBare(text: string): Uint32Array
  decode(ids: Uint32Array): string
  /** Stands for an empty context: GPT-2's end-of-text token. */
  prefixToken: number
}

/**
 * Requests of one document, in choice or window order; `nPositions` is the model's longest input.
 * Failure: a continuation of no tokens, or of more than the model can be fed.
 */
export function buildRequests(
  suite: Suite,
  example: Example,
  encoder: Encoder,
  nPositions: number,
): Request[] {
  if (suite.output === 'loglikelihood_rolling') return rollingRequests(example, encoder, nPositions)
  const context = remembered(encoder)
  return example.pairs.map((pair, index) => {
    const { context: before, continuation: targets } = encodePair(pair, encoder, context)
    const where = `${suite.name}: document ${example.docId}, request ${index}`
    if (targets.length === 0 || before.length === 0)
      throw new Failure(
        `${where}: ${targets.length === 0 ? 'continuation' : 'context'} has no tokens, ` +
          `got ${JSON.stringify(targets.length === 0 ? pair.continuation : pair.context)}`,
        { hint: 'correct that item of the data, or leave it out' },
      )
    if (targets.length > nPositions)
      throw new Failure(`${where}: continuation of ${targets.length} tokens, the model takes ${nPositions}`, {
        hint: 'use a model with more positions, or leave the item out',
      })
    const frozenFrom = example.frozenFrom?.[index]
    return {
      doc: example.doc,
      index,
      ...pair,
      input: fed(before, targets, nPositions),
      targets,
      ...(frozenFrom === undefined ? {} : { frozenFrom }),
      ...(suite.dataset.recall && example.cluster !== undefined ? { group: example.cluster } : {}),
    }
  })
}

/**
 * Context and continuation are encoded together, then cut where the context alone would end: white space that ends
 * the context belongs to the continuation, as GPT-2's tokens begin with their space.
 */
export function encodePair(
  { context, continuation }: TextPair,
  encoder: Encoder,
  encodeContext: (text: string) => Uint32Array = (text) => encoder.encode(text),
): { context: Uint32Array; continuation: Uint32Array } {
  if (context === '') {
    const tokens = encoder.encodeBare(continuation)
    if (tokens[0] === encoder.prefixToken)
      return { context: tokens.slice(0, 1), continuation: tokens.slice(1) }
    return { context: Uint32Array.of(encoder.prefixToken), continuation: tokens }
  }
  const stem = context.slice(0, context.length - trailingWhitespace(context))
  const before = encodeContext(stem)
  return { context: before, continuation: encoder.encode(context + continuation).slice(before.length) }
}

/** The last nPositions + 1 tokens of both, without the last, which is only predicted. */
function fed(context: Uint32Array, targets: Uint32Array, nPositions: number): Uint32Array {
  const length = context.length + targets.length - 1
  const whole = new Uint32Array(length)
  whole.set(context)
  whole.set(targets.subarray(0, -1), context.length)
  return whole.subarray(Math.max(0, length - nPositions)).slice()
}

function rollingRequests(example: Example, encoder: Encoder, nPositions: number): Request[] {
  const tokens = encoder.encode(example.pairs[0].continuation)
  return rollingWindows(tokens, encoder.prefixToken, nPositions).map(({ input, targets }, index) => ({
    doc: example.doc,
    index,
    context: '',
    // For people: a window may begin or end inside a character, which decoding cannot show.
    continuation: encoder.decode(Uint32Array.from(targets)),
    input: Uint32Array.from(input),
    targets: Uint32Array.from(targets),
  }))
}

/** Choices of one document mostly share their context: encode it once. */
function remembered(encoder: Encoder): (text: string) => Uint32Array {
  const known = new Map<string, Uint32Array>()
  return (text) => {
    const tokens = known.get(text) ?? encoder.encode(text)
    known.set(text, tokens)
    return tokens
  }
}
