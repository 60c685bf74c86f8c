import type { Request } from '../../src/suites/request.js'

/** The request that asks for the last `scored` tokens of context and continuation together. */
export function request(doc: number, index: number, tokens: readonly number[], scored: number): Request {
  return {
    doc,
    index,
    context: '',
    continuation: '',
    input: Uint32Array.from(tokens.slice(0, -1)),
    targets: Uint32Array.from(tokens.slice(tokens.length - scored)),
  }
}

/** `length` tokens below `vocabulary`, different for each seed. */
export function tokens(length: number, seed: number, vocabulary = 97): number[] {
  return Array.from({ length }, (_, i) => (i * i * 11 + i * 29 * (seed + 1) + 17 * seed) % vocabulary)
}
