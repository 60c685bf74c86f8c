/** The forward half of training a GPT-2 in plain loops: as test/reference/gpt2.ts, but soft, batched, and with a tape. */
import { type Gpt2Config, scoreScale } from '../../../src/engine/gpt2/config.js'
import { isStatic } from '../../../src/engine/policies/index.js'
import type { TrainRule } from '../../../src/engine/train/types.js'
import { ACTIVATION_REFERENCES } from '../activations.js'
import { layernormReference } from '../layernorm.js'
import type { AttentionHead } from './attention-backward.js'
import { columnsOf, placeColumns } from './columns.js'
import { patternMaskReference } from './pattern-mask.js'
import { type ProductSizes, productNN, productNT } from './products.js'
import { selectiveMaskReference } from './selective-mask.js'
import { type SoftMaskRho, softMaskRhoReference } from './soft-mask.js'
import { softmaxRowsReference } from './softmax-rows.js'

/** Parameters by canonical GPT-2 name. */
export type ReferenceWeights = ReadonlyMap<string, Float64Array>

export interface ForwardInputs {
  rule: TrainRule
  /** (B, T) token ids. */
  tokens: ArrayLike<number>
  T: number
  /** Of the alpha-sigmoid, for the adaptive rule. */
  alpha: number
  /** (B) added to every drop score of a sequence. */
  shifts?: ArrayLike<number>
}

/** What a block's backward pass needs; N = B T rows, sequence after sequence. */
export interface BlockTape {
  /** (N, C): the block's input. */
  x: Float64Array
  /** (N, C): the first layer norm of it. */
  normed1: Float64Array
  /** (N, 2 r) and the masks of each sequence; null where nothing is learned about dropping. */
  interaction: { scores: Float64Array; masks: SoftMaskRho[] } | null
  /** The masks of each sequence under selective attention, else null. */
  selection: SoftMaskRho[] | null
  /** [sequence H + head] */
  heads: AttentionHead[]
  /** (N, C): the heads' outputs side by side. */
  o: Float64Array
  /** (N, C): the input plus what attention gave. */
  middle: Float64Array
  /** (N, C): the second layer norm. */
  normed2: Float64Array
  /** (N, F): before GELU, and after it. */
  expanded: Float64Array
  hidden: Float64Array
}

export interface Tape {
  blocks: BlockTape[]
  /** (N, C): what the final norm was taken of, and the norm itself. */
  x: Float64Array
  final: Float64Array
  /** (N, V) */
  logits: Float64Array
}

export function forwardReference(config: Gpt2Config, weights: ReferenceWeights, inputs: ForwardInputs): Tape {
  const { nEmbd: C, nHead: H, nInner: F, nLayer: L, vocabSize: V, layerNormEpsilon } = config
  const { rule, tokens, T, alpha, shifts } = inputs
  const [N, B, d] = [tokens.length, tokens.length / T, C / H]
  const rows = Array.from({ length: N }, (_, row) => row)
  const norm = (x: Float64Array, name: string) =>
    layernormReference(
      x,
      rows,
      tensorOf(weights, `${name}.weight`),
      tensorOf(weights, `${name}.bias`),
      layerNormEpsilon,
    )
  const linear = (x: Float64Array, name: string, sizes: ProductSizes) => {
    const bias = tensorOf(weights, `${name}.bias`)
    return productNN(x, tensorOf(weights, `${name}.weight`), sizes).map((y, i) => y + bias[i % bias.length])
  }
  // What each sequence's layers so far leave: the log-masks that attention sees.
  const fixed = fixedMask(rule, T)
  const masks = Array.from({ length: B }, () => fixed)

  const [wte, wpe] = ['wte.weight', 'wpe.weight'].map((name) => tensorOf(weights, name))
  let x: Float64Array = Float64Array.from({ length: N * C }, (_, i) => {
    const row = Math.floor(i / C)
    return wte[tokens[row] * C + (i % C)] + wpe[(row % T) * C + (i % C)]
  })
  const blocks: BlockTape[] = []
  for (let layer = 0; layer < L; layer++) {
    const at = `h.${layer}`
    const normed1 = norm(x, `${at}.ln_1`)
    let interaction: BlockTape['interaction'] = null
    if (rule.kind === 'adaptive') {
      const { dim: r, propagateInDepth, grace } = interactionOf(config)
      const both = interactionWeights(weights, at)
      const scores = productNT(normed1, both, [N, C, 2 * r])
      const [bias] = tensorOf(weights, `${at}.attn.int_bias`)
      const own = Array.from({ length: B }, (_, b) =>
        softMaskRhoReference(scores.subarray(b * T * 2 * r, (b + 1) * T * 2 * r), {
          T,
          r,
          beta: bias + (shifts?.[b] ?? 0),
          alpha,
          grace,
        }),
      )
      interaction = { scores, masks: own }
      for (let b = 0; b < B; b++) {
        masks[b] = propagateInDepth ? own[b].own.map((value, i) => value + masks[b][i]) : own[b].own
      }
    }
    const qkv = linear(normed1, `${at}.attn.c_attn`, [N, C, 3 * C])
    const o = new Float64Array(N * C)
    const heads: AttentionHead[] = []
    const part = (b: number, h: number, which: number): Float64Array =>
      columnsOf(qkv, { row: b * T, rows: T, width: 3 * C, columns: d, column: which * C + h * d })
    const scoresOf = (q: Float64Array, k: Float64Array): Float64Array =>
      productNT(q, k, [T, d, T]).map((value) => scoreScale(config, layer) * value)
    let selection: BlockTape['selection'] = null
    if (rule.kind === 'selective') {
      selection = masks.map((_, b) => selectiveMaskReference(scoresOf(part(b, 0, 0), part(b, 0, 1)), T))
      for (const [b, { own }] of selection.entries()) masks[b] = own
    }
    for (let b = 0; b < B; b++) {
      for (let h = 0; h < H; h++) {
        const [q, k, v] = [0, 1, 2].map((which) => part(b, h, which))
        const { P } = softmaxRowsReference(scoresOf(q, k), masks[b], T)
        const head = { q, k, v, P, o: productNN(P, v, [T, T, d]) }
        placeColumns(o, { row: b * T, rows: T, width: C, columns: d, column: h * d }, head.o)
        heads.push(head)
      }
    }
    const middle = sum(x, linear(o, `${at}.attn.c_proj`, [N, C, C]))
    const normed2 = norm(middle, `${at}.ln_2`)
    const expanded = linear(normed2, `${at}.mlp.c_fc`, [N, C, F])
    const hidden = expanded.map(ACTIVATION_REFERENCES[config.activation].value)
    blocks.push({ x, normed1, interaction, selection, heads, o, middle, normed2, expanded, hidden })
    x = sum(middle, linear(hidden, `${at}.mlp.c_proj`, [N, F, C]))
  }
  const final = norm(x, 'ln_f')
  return { blocks, x, final, logits: productNT(final, wte, [N, C, V]) }
}

/** (2 r, C): interaction queries' weights, then keys', as checkpoints have them. */
export function interactionWeights(weights: ReferenceWeights, at: string): Float64Array {
  const [q, k] = ['q_int', 'k_int'].map((name) => tensorOf(weights, `${at}.attn.${name}.weight`))
  return Float64Array.of(...q, ...k)
}

export function interactionOf({ interaction }: Gpt2Config) {
  if (interaction === null) throw new Error('no interaction weights')
  return interaction
}

export function tensorOf(weights: ReferenceWeights, name: string): Float64Array {
  const values = weights.get(name)
  if (values === undefined) throw new Error(`no tensor ${name}`)
  return values
}

export const sum = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i])

/** (T, T): what positions alone forbid. */
const fixedMask = (rule: TrainRule, T: number): Float64Array =>
  isStatic(rule) ? patternMaskReference(rule, T) : new Float64Array(T * T)
