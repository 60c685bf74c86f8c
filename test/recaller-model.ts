/**
 * A GPT-2 made by hand that recalls: it writes what followed the last time it saw the three tokens it is at (an induction head that
 * looks at more than one token; Olsson et al. 2209.11895), so it is right in every task whose question repeats what the text said.
 * Its policy is made by hand as well: keys at marked positions are kept, all others are dropped by the next query. That makes it an
 * oracle, which keeps what the answer needs, or its opposite. test/copier-model.ts is the same idea with one token and no policy.
 *
 * The residual stream (384) has blocks: a code of the token, codes of the one to three tokens before, a code of the position, a mark.
 * Head i of layer 0 looks i + 1 positions back and writes that token's code into its block; head 0 of layer 1 looks for the position
 * whose three tokens before are the query's own and the two before it, and adds its token's code to the query's.
 */
import { gpt2Tensors } from '../src/data/gpt2-names.js'
import { AS_GPT2, type Gpt2Config } from '../src/engine/gpt2/config.js'
import type { TensorSource } from '../src/engine/tensor-source.js'
import { pythonRandom } from '../src/stats/python-random.js'

const BEFORE = 3
/** Width of a head, of a token's code (three of which a head compares), and of a position's. */
const [D, TOKEN, POSITION] = [128, 42, 64]
const C = 3 * D
const BLOCK = {
  token: 0,
  before: (i: number): number => TOKEN * (i + 1),
  position: TOKEN * (BEFORE + 1),
  mark: TOKEN * (BEFORE + 1) + POSITION,
  /** Always 1, by the norm's bias: what interaction queries are made of. */
  one: TOKEN * (BEFORE + 1) + POSITION + 1,
}
const MARK = 3
export const RECALLER: Gpt2Config = {
  vocabSize: 8192,
  nPositions: 512,
  nEmbd: C,
  nLayer: 2,
  nHead: C / D,
  nInner: 4,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: { dim: 4, propagateInDepth: false, grace: 0 },
}

/** What the norm of each layer divides by: the root of the mean square of what is in the residual stream. */
const rootMeanSquare = (...squares: number[]): number =>
  Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / C)
const NORMS = [
  rootMeanSquare(TOKEN, POSITION, MARK ** 2),
  rootMeanSquare(TOKEN * (BEFORE + 1), POSITION, MARK ** 2),
]

/** How much more a score is where a token is the same, in nats: the nearer the token, the more. */
const WEIGHTS = [60, 36, 24]
/** Nats between the right position and one beside it are a small part of this. */
const LOOK_BACK = 400
/** Weight of what is copied beside the token's own code, and of the logits. */
const [COPIED, CLEAR] = [4, 0.4]

/** @param marked whether keys at a position are kept; all are when undefined */
export function recallerTensors(marked: (position: number) => boolean = () => true): TensorSource {
  const values = new Map(
    gpt2Tensors(RECALLER).map(({ name, shape }) => [
      name,
      { shape, own: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) },
    ]),
  )
  const tensor = (ending: string): Float32Array => {
    const [, found] = [...values].find(([name]) => name.endsWith(ending)) ?? []
    if (found === undefined) throw new Error(`no tensor ${ending}`)
    return found.own
  }
  embed(tensor('wte.weight'), tensor('wpe.weight'), marked)
  for (const [layer, norm] of NORMS.entries()) {
    const at = (ending: string): Float32Array => tensor(`h.${layer}.${ending}`)
    at('ln_1.weight').fill(1)
    at('ln_1.weight')[BLOCK.one] = 0
    at('ln_1.bias')[BLOCK.one] = 1
    at('ln_2.weight').fill(1)
    // (r, C): score = mark of the key.
    at('attn.q_int.weight')[BLOCK.one] = 1
    at('attn.k_int.weight')[BLOCK.mark] = 1
    if (layer === 0) lookBack(at('attn.c_attn.weight'), at('attn.c_proj.weight'), norm)
    else recall(at('attn.c_attn.weight'), at('attn.c_proj.weight'), norm)
  }
  tensor('ln_f.weight').fill(CLEAR)
  return new Map(
    [...values].map(([name, { shape, own }]) => [
      name,
      { dtype: 'F32' as const, shape, read: async () => new Uint8Array(own.buffer) },
    ]),
  )
}

const random = pythonRandom(11)
const CODES = Float32Array.from({ length: RECALLER.vocabSize * TOKEN }, () =>
  random.random() < 0.5 ? -1 : 1,
)
/** A shift of position is a rotation of each pair of its code. They are slow, so that where a position is gone the nearest stands in. */
const FREQUENCIES = Array.from({ length: POSITION / 2 }, () => 0.05 + 0.55 * random.random())

function embed(tokens: Float32Array, positions: Float32Array, marked: (position: number) => boolean): void {
  for (let v = 0; v < RECALLER.vocabSize; v++)
    for (let i = 0; i < TOKEN; i++) tokens[v * C + BLOCK.token + i] = CODES[v * TOKEN + i]
  for (let p = 0; p < RECALLER.nPositions; p++) {
    for (const [i, w] of FREQUENCIES.entries()) {
      positions[p * C + BLOCK.position + 2 * i] = Math.SQRT2 * Math.cos(w * p)
      positions[p * C + BLOCK.position + 2 * i + 1] = Math.SQRT2 * Math.sin(w * p)
    }
    positions[p * C + BLOCK.mark] = marked(p) ? MARK : -MARK
  }
}

/** Queries, keys and values of a layer's heads, by dimension of a head: set in a weight (C, 3 C). */
function setter(qkv: Float32Array) {
  return (part: 0 | 1 | 2, head: number, dimension: number, from: number, value: number): void => {
    qkv[from * 3 * C + part * C + head * D + dimension] = value
  }
}

function lookBack(qkv: Float32Array, out: Float32Array, norm: number): void {
  const set = setter(qkv)
  const sharp = (LOOK_BACK * Math.sqrt(D) * norm ** 2) / POSITION
  for (let head = 0; head < BEFORE; head++) {
    for (const [i, w] of FREQUENCIES.entries()) {
      const [cos, sin] = [sharp * Math.cos(w * (head + 1)), sharp * Math.sin(w * (head + 1))]
      const [a, b] = [BLOCK.position + 2 * i, BLOCK.position + 2 * i + 1]
      set(0, head, 2 * i, a, cos)
      set(0, head, 2 * i, b, sin)
      set(0, head, 2 * i + 1, a, -sin)
      set(0, head, 2 * i + 1, b, cos)
    }
    for (let i = 0; i < POSITION; i++) set(1, head, i, BLOCK.position + i, 1)
    for (let i = 0; i < TOKEN; i++) {
      set(2, head, i, BLOCK.token + i, 1)
      out[(head * D + i) * C + BLOCK.before(head) + i] = norm
    }
  }
}

function recall(qkv: Float32Array, out: Float32Array, norm: number): void {
  const set = setter(qkv)
  for (let i = 0; i < TOKEN; i++) {
    for (const [back, nats] of WEIGHTS.entries()) {
      const own = back === 0 ? BLOCK.token : BLOCK.before(back - 1)
      set(0, 0, back * TOKEN + i, own + i, (nats * Math.sqrt(D) * norm ** 2) / TOKEN)
      set(1, 0, back * TOKEN + i, BLOCK.before(back) + i, 1)
    }
    set(2, 0, i, BLOCK.token + i, 1)
    out[i * C + BLOCK.token + i] = COPIED * norm
  }
}
