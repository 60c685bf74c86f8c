/** The golden runs under test/fixtures/golden: a GPT-2 in float64 on a CPU, by another implementation. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Checkpoint, openCheckpoint } from '../src/data/checkpoint.js'
import { decodeSafetensors } from '../src/data/safetensors.js'
import { NEVER } from '../src/engine/batch.js'
import type { Request } from '../src/suites/request.js'

/** Cases of the micro run with gradients. */
export type GradientCase = 'dense' | 'alpha_1.5' | 'alpha_2.0' | 'alpha_4.5' | 'alpha_8.0'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Random weights; 3 layers, 2 heads, 97 tokens, 48 positions. */
export const openMicro = (): Promise<Checkpoint> => openCheckpoint(path('fixtures/golden/micro'))

export const openBundled = (name: 'asp-tiny' | 'asp-tiny-dense'): Promise<Checkpoint> =>
  openCheckpoint(path(`../models/${name}`))

/** Tensors of a file by name, as numbers. */
export function goldenTensors(file: 'micro/forward' | 'tiny/text') {
  const tensors = decodeSafetensors(readFileSync(path(`fixtures/golden/${file}.safetensors`)))
  const bytes = (name: string): ArrayBuffer => {
    const tensor = tensors.get(name)
    if (tensor === undefined) throw new Error(`${file} has no tensor ${name}`)
    return new Uint8Array(tensor.bytes).buffer
  }
  return {
    floats: (name: string) => new Float32Array(bytes(name)),
    /** Token ids, and death times: -1, never, becomes NEVER. */
    words: (name: string) => Uint32Array.from(new Int32Array(bytes(name)), (v) => (v === -1 ? NEVER : v)),
  }
}

/** Gradient of every tensor by canonical name. */
export function goldenGradients(name: GradientCase): Map<string, Float32Array> {
  const tensors = decodeSafetensors(readFileSync(path(`fixtures/golden/micro/grads.${name}.safetensors`)))
  return new Map(
    [...tensors].map(([tensor, { bytes }]) => [
      tensor.replace(/^transformer\./, ''),
      new Float32Array(new Uint8Array(bytes).buffer),
    ]),
  )
}

/** Losses of the micro run; `pair_mean` is missing where the model is dense. */
interface GoldenLoss {
  lm_loss: number
  pair_mean?: number
  gamma: number
  loss: number
}

/** A step of AdamW: values before its update. */
export interface GoldenStep {
  step: number
  alpha: number
  lr: number
  lm_loss: number
  pair_mean: number
  loss: number
  grad_norm: number
}

export const goldenLosses = (): Record<GradientCase, GoldenLoss> & {
  alpha_inf: { lm_loss: number; pair_mean: number }
  adamw_steps: GoldenStep[]
} => JSON.parse(readFileSync(path('fixtures/golden/micro/summary.json'), 'utf8'))

interface GoldenScore {
  ll: number
  greedy: boolean
}

/** A line of tiny/requests.jsonl, as far as the engine is concerned. */
export interface GoldenRequest {
  suite: string
  idx: number
  choice: number
  context_ids: number[]
  continuation_ids: number[]
  dense: GoldenScore
  unpruned: GoldenScore
  /** S_pair by layer; the smallest |score| that decided anything. */
  adaptive: GoldenScore & { S_pair: number[]; min_margin: number }
}

export function goldenRequests(): GoldenRequest[] {
  const text = readFileSync(path('fixtures/golden/tiny/requests.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** `doc` tells documents apart, also those of different suites. */
export function requestOf({ context_ids, continuation_ids, choice }: GoldenRequest, doc: number): Request {
  return {
    doc,
    index: choice,
    context: '',
    continuation: '',
    input: Uint32Array.from([...context_ids, ...continuation_ids].slice(0, -1)),
    targets: Uint32Array.from(continuation_ids),
  }
}
