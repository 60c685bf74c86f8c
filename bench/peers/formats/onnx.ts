/**
 * Writes the model as ONNX (opset 17, with the fused operators of com.microsoft that exporters for ONNX Runtime
 * use): token ids, positions and the keys and values so far in; the last row's logits, keys and values out. Weights
 * are external data in the model's own file.
 */
import { rename, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import proto, { type onnx } from 'onnx-proto'
import { type Model, modelFile } from '../model.js'

const { AttributeProto, ModelProto, TensorProto } = proto.onnx
const { FLOAT, INT64 } = TensorProto.DataType
const MICROSOFT = 'com.microsoft'

type Attributes = Record<string, number | number[] | { float: number }>

/** Writes the file, which is small, and gives its path. */
export async function writeOnnx(model: Model): Promise<string> {
  const file = modelFile(model.name, 'onnx')
  const partial = `${file}.${process.pid}.tmp`
  await writeFile(partial, ModelProto.encode(modelOf(model)).finish())
  await rename(partial, file)
  return file
}

function modelOf({ config, tensors, weights }: Model): onnx.IModelProto {
  const { nEmbd: C, nLayer: L, nHead: H, vocabSize: V, layerNormEpsilon } = config
  const node: onnx.INodeProto[] = []
  /** Adds a node with one output that is called as the node. */
  const add = (type: string, name: string, input: string[], attributes: Attributes = {}, domain = '') => {
    node.push({ opType: type, name, input, output: [name], domain, attribute: attributesOf(attributes) })
    return name
  }
  const norm = (name: string, x: string, parameters: string) =>
    add('LayerNormalization', name, [x, `${parameters}.weight`, `${parameters}.bias`], {
      axis: -1,
      epsilon: { float: layerNormEpsilon },
    })
  const linear = (name: string, x: string, parameters: string) =>
    add('Add', name, [add('MatMul', `${name}.product`, [x, `${parameters}.weight`]), `${parameters}.bias`])

  const heads = (name: string, x: string) =>
    add('Transpose', `${name}.heads`, [add('Reshape', `${name}.split`, [x, 'heads_shape'])], {
      perm: [0, 2, 1, 3],
    })
  /** Written out: GroupQueryAttention is wrong on WebGPU adapters with subgroups of 8 (see README.md). */
  const attention = (l: number, qkv: string) => {
    const at = `h.${l}`
    const parts = ['q', 'k', 'v'].map((part) => `${at}.${part}`)
    node.push({
      opType: 'Split',
      name: `${at}.qkv.split`,
      input: [qkv],
      output: parts,
      attribute: attributesOf({ axis: 2 }),
    })
    const [q, k, v] = parts.map((part) => heads(part, part))
    const keys = add('Concat', `present_key.${l}`, [`past_key.${l}`, k], { axis: 2 })
    const values = add('Concat', `present_value.${l}`, [`past_value.${l}`, v], { axis: 2 })
    const turned = add('Transpose', `${at}.keys.turned`, [keys], { perm: [0, 1, 3, 2] })
    const scores = add('Mul', `${at}.scores`, [add('MatMul', `${at}.products`, [q, turned]), 'scale'])
    const masked = add('Add', `${at}.masked`, [scores, 'mask'])
    const weights = add('Softmax', `${at}.weights`, [masked], { axis: -1 })
    const mixed = add('MatMul', `${at}.mixed`, [weights, values])
    const joined = add('Transpose', `${at}.joined`, [mixed], { perm: [0, 2, 1, 3] })
    return add('Reshape', `${at}.attended`, [joined, 'rows_shape'])
  }

  const tokenRows = add('Gather', 'token_rows', ['wte.weight', 'input_ids'])
  const positionRows = add('Gather', 'position_rows', ['wpe.weight', 'position_ids'])
  let x = add('Add', 'embedding', [tokenRows, positionRows])
  for (let l = 0; l < L; l++) {
    const at = `h.${l}`
    const qkv = linear(`${at}.qkv`, norm(`${at}.norm1`, x, `${at}.ln_1`), `${at}.attn.c_attn`)
    const attended = attention(l, qkv)
    x = add('Add', `${at}.middle`, [x, linear(`${at}.project`, attended, `${at}.attn.c_proj`)])
    const expanded = linear(`${at}.expand`, norm(`${at}.norm2`, x, `${at}.ln_2`), `${at}.mlp.c_fc`)
    const active = add('FastGelu', `${at}.gelu`, [expanded], {}, MICROSOFT)
    x = add('Add', `${at}.out`, [x, linear(`${at}.contract`, active, `${at}.mlp.c_proj`)])
  }
  const last = add('Gather', 'last_row', [x, 'last'], { axis: 1 })
  const head = add('Transpose', 'head', ['wte.weight'], { perm: [1, 0] })
  add('MatMul', 'logits', [norm('final_norm', last, 'ln_f'), head])

  const cache = (kind: string, l: number, tokens: string) =>
    value(`${kind}.${l}`, FLOAT, [1, H, tokens, C / H])
  const layers = Array.from({ length: L }, (_, l) => l)
  const location = basename(weights)
  return {
    irVersion: 8,
    producerName: 'asp bench',
    opsetImport: [
      { domain: '', version: 17 },
      { domain: MICROSOFT, version: 1 },
    ],
    graph: {
      name: 'gpt2',
      node,
      initializer: [
        ...tensors
          .filter(({ name }) => !/q_int|k_int|int_bias/.test(name))
          .map(({ name, shape, size, offset }) => ({
            name,
            dims: [...shape],
            dataType: FLOAT,
            dataLocation: TensorProto.DataLocation.EXTERNAL,
            externalData: [
              { key: 'location', value: location },
              { key: 'offset', value: String(offset) },
              { key: 'length', value: String(4 * size) },
            ],
          })),
        { name: 'last', dims: [], dataType: INT64, int64Data: [-1] },
        { name: 'heads_shape', dims: [4], dataType: INT64, int64Data: [0, 0, H, C / H] },
        { name: 'rows_shape', dims: [3], dataType: INT64, int64Data: [0, 0, C] },
        { name: 'scale', dims: [], dataType: FLOAT, floatData: [1 / Math.sqrt(C / H)] },
      ],
      input: [
        value('input_ids', INT64, [1, 'tokens']),
        value('position_ids', INT64, [1, 'tokens']),
        value('mask', FLOAT, ['tokens', 'total']),
        ...layers.flatMap((l) => [cache('past_key', l, 'past'), cache('past_value', l, 'past')]),
      ],
      output: [
        value('logits', FLOAT, [1, V]),
        ...layers.flatMap((l) => [cache('present_key', l, 'total'), cache('present_value', l, 'total')]),
      ],
    },
  }
}

/** Whole numbers are INT attributes, lists of them INTS, `{ float }` is a FLOAT. */
function attributesOf(attributes: Attributes): onnx.IAttributeProto[] {
  const { FLOAT, INT, INTS } = AttributeProto.AttributeType
  return Object.entries(attributes).map(([name, setting]) => {
    if (typeof setting === 'number') return { name, type: INT, i: setting }
    if (Array.isArray(setting)) return { name, type: INTS, ints: setting }
    return { name, type: FLOAT, f: setting.float }
  })
}

/** A graph input or output; a dimension that is a name may have any length. */
function value(name: string, elemType: number, dims: readonly (number | string)[]): onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}
