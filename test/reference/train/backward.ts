/** The backward half: forward.ts read from its end, with the gradient of every tensor. */
import { type Gpt2Config, scoreScale } from '../../../src/engine/gpt2/config.js'
import { activationBackwardReference } from './activation-backward.js'
import { attentionBackwardReference } from './attention-backward.js'
import { columnsOf, placeColumns } from './columns.js'
import { embeddingBackwardReference } from './embedding-backward.js'
import {
  type BlockTape,
  type ForwardInputs,
  interactionOf,
  interactionWeights,
  type ReferenceWeights,
  sum,
  type Tape,
  tensorOf,
} from './forward.js'
import { layernormBackwardReference } from './layernorm-backward.js'
import { columnSums, type ProductSizes, productNN, productNT, productTN } from './products.js'
import { selectionGradientsReference } from './selective-mask.js'
import {
  dropScoreGradientsReference,
  interactionBackwardReference,
  type SparsityWeight,
} from './soft-mask-backward.js'

export type Gradients = Map<string, Float64Array>

/**
 * @param dLogits (N, V)
 * @param sparsity what the loss adds to each pair of each layer
 */
export function backwardReference(
  config: Gpt2Config,
  weights: ReferenceWeights,
  { tokens, T }: Pick<ForwardInputs, 'tokens' | 'T'>,
  tape: Tape,
  dLogits: Float64Array,
  sparsity: SparsityWeight,
): Gradients {
  const { nEmbd: C, nHead: H, nInner: F, nLayer: L, vocabSize: V, layerNormEpsilon } = config
  const [N, B] = [tokens.length, tokens.length / T]
  const gradients: Gradients = new Map()

  const norm = (dy: Float64Array, x: Float64Array, name: string): Float64Array => {
    const gain = tensorOf(weights, `${name}.weight`)
    const { dx, dGain, dBias } = layernormBackwardReference(dy, x, gain, layerNormEpsilon)
    gradients.set(`${name}.weight`, dGain).set(`${name}.bias`, dBias)
    return dx
  }
  const linear = (dy: Float64Array, x: Float64Array, name: string, [M, K, N]: ProductSizes): Float64Array => {
    gradients.set(`${name}.weight`, productTN(x, dy, [K, M, N])).set(`${name}.bias`, columnSums(dy, [M, N]))
    return productNT(dy, tensorOf(weights, `${name}.weight`), [M, N, K])
  }
  /** Through what the layer decides to drop; `Hm` of each sequence. */
  const interaction = (
    { scores, masks }: NonNullable<BlockTape['interaction']>,
    normed1: Float64Array,
    Hm: readonly Float64Array[],
    at: string,
  ): Float64Array => {
    const { dim: r } = interactionOf(config)
    const [dScores, dBias] = [new Float64Array(scores.length), new Float64Array(1)]
    masks.forEach((mask, b) => {
      const gX = dropScoreGradientsReference(mask, Hm[b], sparsity, T)
      const own = scores.subarray(b * T * 2 * r, (b + 1) * T * 2 * r)
      const back = interactionBackwardReference(gX, own, [T, r])
      dScores.set(back.dScores, b * T * 2 * r)
      dBias[0] += back.dBeta
    })
    const dBoth = productTN(dScores, normed1, [2 * r, N, C])
    gradients
      .set(`${at}.attn.q_int.weight`, dBoth.slice(0, r * C))
      .set(`${at}.attn.k_int.weight`, dBoth.slice(r * C))
      .set(`${at}.attn.int_bias`, dBias)
    return productNN(dScores, interactionWeights(weights, at), [N, 2 * r, C])
  }

  const wte = tensorOf(weights, 'wte.weight')
  const dWte = productTN(dLogits, tape.final, [V, N, C])
  let dx = norm(productNN(dLogits, wte, [N, V, C]), tape.x, 'ln_f')
  const none = () => Array.from({ length: B }, () => new Float64Array(T * T))
  let Hm = none()
  for (let layer = L - 1; layer >= 0; layer--) {
    const at = `h.${layer}`
    const block = tape.blocks[layer]
    const dHidden = linear(dx, block.hidden, `${at}.mlp.c_proj`, [N, F, C])
    const dExpanded = activationBackwardReference(config.activation, dHidden, block.expanded)
    const dNormed2 = linear(dExpanded, block.normed2, `${at}.mlp.c_fc`, [N, C, F])
    const dMiddle = sum(dx, norm(dNormed2, block.middle, `${at}.ln_2`))

    const dO = linear(dMiddle, block.o, `${at}.attn.c_proj`, [N, C, C])
    const dQkv = new Float64Array(N * 3 * C)
    if (config.interaction?.propagateInDepth !== true) Hm = none()
    block.heads.forEach((head, i) => {
      const [b, h] = [Math.floor(i / H), i % H]
      const place = { row: b * T, rows: T, width: C, column: h * (C / H), columns: C / H }
      const back = attentionBackwardReference(
        head,
        columnsOf(dO, place),
        [T, C / H],
        Hm[b],
        scoreScale(config, layer),
      )
      for (const [part, gradient] of [back.dQ, back.dK, back.dV].entries()) {
        placeColumns(dQkv, { ...place, width: 3 * C, column: part * C + place.column }, gradient)
      }
    })
    block.selection?.forEach((mask, b) => {
      const place = { row: b * T, rows: T, width: 3 * C, columns: C / H }
      const gz = selectionGradientsReference(mask, Hm[b], sparsity, T).map(
        (value) => scoreScale(config, layer) * value,
      )
      const { q, k } = block.heads[b * H]
      const both = [productNN(gz, k, [T, T, C / H]), productTN(gz, q, [T, T, C / H])]
      for (const [part, more] of both.entries()) {
        const at = { ...place, column: part * C }
        placeColumns(dQkv, at, sum(columnsOf(dQkv, at), more))
      }
    })
    let dNormed1 = linear(dQkv, block.normed1, `${at}.attn.c_attn`, [N, C, 3 * C])
    if (block.interaction !== null) {
      dNormed1 = sum(dNormed1, interaction(block.interaction, block.normed1, Hm, at))
    }
    dx = sum(dMiddle, norm(dNormed1, block.x, `${at}.ln_1`))
  }
  const dWpe = new Float64Array(config.nPositions * C)
  const places = Uint32Array.from({ length: 2 * N }, (_, i) => (i % 2 ? ((i - 1) / 2) % T : tokens[i / 2]))
  embeddingBackwardReference(dx, places, { dWte, dWpe, C })
  return gradients.set('wte.weight', dWte).set('wpe.weight', dWpe)
}
