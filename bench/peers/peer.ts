/** What a peer is to the comparison: something that opens the model and then answers two calls. */
import type { AdapterRecord } from '../../src/record/common.js'
import type { Model } from './model.js'

export interface About {
  /** The library and its version. */
  library: string
  /** What it computes on: an adapter's name, or the CPU's instruction sets. */
  device: string
  weights: 'f16' | 'f32'
  /** How keys and values are kept. */
  cache: 'f16' | 'f32'
  /** Threads it was told to use; null where nobody can tell it. */
  threads: number | null
  /** asp's adapter, as records keep it. */
  adapter?: AdapterRecord
}

/** A length of time in seconds. */
export interface Span {
  wall: number
  /** That the process worked, summed over its threads. */
  cpu: number
}

export interface Timing {
  /** From the prompt until the first new token. */
  prefill: Span
  /** All further steps. */
  decode: Span
  /** Greedy: the token after the prompt, and one more for every step. */
  tokens: number[]
}

export interface Peer {
  about: About
  /**
   * Logits (V) after the last token, computed as in decoding: the first `split` tokens as a prompt, the others, at
   * least one, each in a step of its own.
   */
  logits(tokens: readonly number[], split: number): Promise<Float32Array>
  /** A sequence of its own: the prompt, then `steps` tokens, each fed with the one before. */
  generate(prompt: readonly number[], steps: number): Promise<Timing>
}

export interface OpenOptions {
  threads: number
  /** asp's `--device`; the peers take the first adapter of their API. */
  device: string
}

/** Opens a peer on a model; what it needs on disk it writes itself. */
export type OpenPeer<T> = (model: Model, own: T, options: OpenOptions) => Promise<Peer>

/** Starts a watch; every call of it tells the time since the one before. */
export function stopwatch(): () => Span {
  let wall = performance.now()
  let cpu = process.cpuUsage()
  return () => {
    const used = process.cpuUsage(cpu)
    const span = { wall: (performance.now() - wall) / 1e3, cpu: (used.user + used.system) / 1e6 }
    wall = performance.now()
    cpu = process.cpuUsage()
    return span
  }
}
