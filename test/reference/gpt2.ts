import { type Gpt2Config, hasBias, scoreScale } from '../../src/engine/gpt2/config.js'
import { attentionReference } from './attention.js'
import { dropTimesReference } from './drop-times.js'
import { embeddingReference } from './embedding.js'
import { layernormReference } from './layernorm.js'
import { matmulReference } from './matmul.js'

export interface Forward {
  /** (n, V) */
  logits: Float32Array
  /** [layer]: death times, NEVER everywhere when nothing may be dropped. */
  deaths: Uint32Array[]
  /** [layer][head], where heads decide for themselves; one list, shared by all, where they do not. */
  headDeaths: Uint32Array[][]
  /** The smallest |x| that decided anything. */
  margin: number
}

/**
 * A whole GPT-2 of plain loops over one sequence. `shift` null is the dense model, or the death times that are `given` for
 * every layer, or follow from the layer's queries, keys and values (n, 3 C), one list a layer or one a head; weights by canonical name.
 * From `frozenFrom` on drop scores drop nothing.
 */
export function gpt2Reference(
  config: Gpt2Config,
  weights: ReadonlyMap<string, Float32Array>,
  ids: ArrayLike<number>,
  shift: number | null,
  given: Uint32Array | ((qkv: Float32Array, layer: number) => Uint32Array | Uint32Array[]) = new Uint32Array(
    ids.length,
  ).fill(0xffffffff),
  frozenFrom?: number,
): Forward {
  const { nEmbd: C, nHead: H, nInner: F, vocabSize: V, layerNormEpsilon, interaction } = config
  const n = ids.length
  const rows = Array.from({ length: n }, (_, i) => i)
  const tensor = (name: string): Float32Array => {
    const values = weights.get(name)
    if (values === undefined) throw new Error(`no tensor ${name}`)
    return values
  }
  const bias = (name: string, extent: number): Float32Array =>
    hasBias(config, name) ? tensor(name) : new Float32Array(extent)
  const norm = (x: Float32Array, name: string) =>
    Float32Array.from(
      layernormReference(x, rows, tensor(`${name}.weight`), bias(`${name}.bias`, C), layerNormEpsilon),
    )
  const linear = (x: Float32Array, name: string, K: number, N: number, options = {}) =>
    Float32Array.from(
      matmulReference(x, tensor(`${name}.weight`), bias(`${name}.bias`, N), [n, K, N], options),
    )
  const tokens = Uint32Array.from(rows.flatMap((i) => [ids[i], i]))
  let x = Float32Array.from(embeddingReference(tokens, tensor('wte.weight'), tensor('wpe.weight'), C))
  const deaths: Uint32Array[] = []
  const headDeaths: Uint32Array[][] = []
  let margin = Number.POSITIVE_INFINITY
  for (let layer = 0; layer < config.nLayer; layer++) {
    const at = `h.${layer}`
    const normed = norm(x, `${at}.ln_1`)
    const qkv = linear(normed, `${at}.attn.c_attn`, C, 3 * C)
    if (shift === null || interaction === null) {
      const found = typeof given === 'function' ? given(qkv, layer) : given
      headDeaths.push(Array.isArray(found) ? found : [found])
      deaths.push(headDeaths[layer][0])
    } else {
      const r = interaction.dim
      const both = new Float32Array(C * 2 * r)
      for (const [part, name] of ['q_int', 'k_int'].entries()) {
        const rowMajor = tensor(`${at}.attn.${name}.weight`)
        for (let i = 0; i < r; i++)
          for (let c = 0; c < C; c++) both[c * 2 * r + part * r + i] = rowMajor[i * C + c]
      }
      const scores = matmulReference(normed, both, new Float32Array(2 * r), [n, C, 2 * r])
      const drops = dropTimesReference(scores, [rows], {
        r,
        beta: tensor(`${at}.attn.int_bias`)[0] + shift,
        grace: interaction.grace,
        earlier: interaction.propagateInDepth ? deaths[layer - 1] : undefined,
        frozenFrom: [frozenFrom],
      })
      deaths.push(drops.deaths)
      headDeaths.push([drops.deaths])
      margin = Math.min(margin, drops.margin)
    }
    // Under each list of death times once; a head's columns are taken from its own.
    const attended = headDeaths[layer].map((times) =>
      attentionReference(qkv, [rows], times, { C, H, scale: scoreScale(config, layer) }),
    )
    const heads = Float32Array.from({ length: n * C }, (_, i) => {
      const head = Math.floor((i % C) / (C / H))
      return (attended[head] ?? attended[0])[i]
    })
    x = linear(heads, `${at}.attn.c_proj`, C, C, { residual: x })
    const hidden = linear(norm(x, `${at}.ln_2`), `${at}.mlp.c_fc`, C, F, {
      activation: config.activation,
    })
    x = linear(hidden, `${at}.mlp.c_proj`, F, C, { residual: x })
  }
  const final = norm(x, 'ln_f')
  const table = weights.get('lm_head.weight') ?? tensor('wte.weight')
  const head = Float32Array.from({ length: C * V }, (_, i) => table[(i % V) * C + Math.floor(i / V)])
  return {
    logits: Float32Array.from(matmulReference(final, head, new Float32Array(V), [n, C, V])),
    deaths,
    headDeaths,
    margin,
  }
}
