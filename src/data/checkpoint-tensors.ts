/** The tensors of weight files under their canonical names, each checked for shape and kind. Nothing is read but where heads are compared. */
import { BIAS_NAMES, type BiasName, type Gpt2Config } from '../engine/gpt2/config.js'
import {
  type StoredDtype,
  type StoredTensor,
  type TensorSource,
  UNTIED_HEAD,
} from '../engine/tensor-source.js'
import { Failure } from '../errors.js'
import type { ParsedConfig } from './gpt2-config.js'
import {
  canonicalName,
  gpt2Tensors,
  LAYOUT_TENSOR,
  layersNamed,
  type TensorSpec,
  TOKEN_TABLE,
  type WeightLayout,
} from './gpt2-names.js'
import { elementBytes } from './safetensors.js'
import { type LocatedTensor, sameBytes, shown } from './weights/located.js'

export type Located = ReadonlyMap<string, LocatedTensor>

const LAST_NORM = 'ln_f.bias' satisfies BiasName

const DTYPES: readonly string[] = ['F32', 'F16', 'BF16'] satisfies StoredDtype[]

/** @throws Failure when two names stand for one tensor, with a prefix and without */
export function byCanonicalName(stored: Located): Map<string, LocatedTensor> {
  const located = new Map<string, LocatedTensor>()
  const storedNames = new Map<string, string>()
  for (const [storedName, tensor] of stored) {
    const name = canonicalName(storedName)
    if (name === null) continue
    const other = storedNames.get(name)
    if (other !== undefined) {
      throw new Failure(
        `${tensor.file}: one tensor must have one name, got ${shown(other)} and ${shown(storedName)}`,
        {
          hint: 'remove one of the two, or export the checkpoint again',
        },
      )
    }
    storedNames.set(name, storedName)
    located.set(name, tensor)
  }
  return located
}

/** @throws Failure when `n_layer` counts more or fewer layers than the names do */
export function expectLayers(located: Located, nLayer: number, configPath: string): void {
  const layers = layersNamed(located.keys())
  if (layers.length === nLayer) return
  throw new Failure(`${configPath}: n_layer is ${nLayer}, but the weights have ${layersInWords(layers)}`, {
    hint: 'config.json and the weights must come from the same checkpoint',
  })
}

/**
 * The biases that no layer has, as nanoGPT writes models without them. That of the last layer norm goes with those within the layers.
 * @throws Failure on a bias that some layers have and some lack
 */
export function absentBiases(located: Located, nLayer: number, folder: string): BiasName[] {
  const layers = Array.from({ length: nLayer }, (_, l) => l)
  const absent = BIAS_NAMES.filter((end) => end !== LAST_NORM).filter((end) => {
    const lacking = layers.filter((l) => !located.has(`h.${l}.${end}`))
    if (lacking.length === 0 || lacking.length === nLayer) return lacking.length > 0
    throw new Failure(
      `${folder}: the weights lack tensor h.${lacking[0]}.${end}, which other layers have (${lacking.length} of ${nLayer} lack it)`,
      { hint: 'a bias must be in every layer or in none; export the checkpoint again' },
    )
  })
  const lastNorm = !located.has(LAST_NORM) && absent.includes('ln_1.bias') && absent.includes('ln_2.bias')
  return lastNorm ? [...absent, LAST_NORM] : absent
}

function layersInWords(layers: readonly number[]): string {
  const last = layers[layers.length - 1]
  if (layers.length === 0) return 'none'
  if (last !== layers.length - 1) return `${layers.length}, the last of them h.${last}`
  return last === 0 ? 'h.0 only' : `h.0 to h.${last}`
}

/**
 * Whether the output head is not the token table once more. As in transformers 5 the weights tell where config.json does not; a file that
 * says they are one although they differ is refused, since either may be what was meant.
 */
export async function hasUntiedHead(
  located: Map<string, LocatedTensor>,
  { config, isTied }: ParsedConfig,
  folder: string,
): Promise<boolean> {
  const head = located.get(UNTIED_HEAD)
  const table = located.get(TOKEN_TABLE)
  if (head === undefined) {
    if (isTied !== false) return false
    throw new Failure(`${folder}: tie_word_embeddings is false, but the weights lack tensor ${UNTIED_HEAD}`, {
      hint: 'export the checkpoint again, or set tie_word_embeddings to true in config.json',
    })
  }
  checkShape(UNTIED_HEAD, head, [config.vocabSize, config.nEmbd])
  if (table === undefined) {
    // safetensors.torch.save_model keeps one name of tensors that share memory, and "lm_head" sorts first.
    if (isTied !== false) located.set(TOKEN_TABLE, head)
    return false
  }
  const isUntied = !(await sameBytes(head, table))
  if (!isUntied || isTied !== true) return isUntied
  throw new Failure(
    `${folder}: tie_word_embeddings is true, but ${UNTIED_HEAD} differs from ${TOKEN_TABLE}`,
    {
      hint: `set it to false in config.json to score with ${UNTIED_HEAD}, or remove that tensor to score with the table`,
    },
  )
}

export function checkedTensors(located: Located, config: Gpt2Config, folder: string): TensorSource {
  const layout = weightLayout(located)
  return new Map(
    gpt2Tensors(config).map((spec) => {
      const tensor = located.get(spec.name)
      if (tensor === undefined) {
        throw new Failure(`${folder}: the weights lack tensor ${spec.name}, expected shape [${spec.shape}]`, {
          hint: 'config.json and the weights must come from the same checkpoint',
        })
      }
      return [spec.name, storedTensor(spec, tensor, layout)]
    }),
  )
}

function weightLayout(located: Located): WeightLayout {
  const [rows, columns] = located.get(LAYOUT_TENSOR)?.shape ?? []
  return rows > columns ? 'linear' : 'conv1d'
}

function storedTensor(spec: TensorSpec, tensor: LocatedTensor, layout: WeightLayout): StoredTensor {
  const transposed = spec.conv1d && layout === 'linear'
  checkShape(spec.name, tensor, transposed ? spec.shape.toReversed() : spec.shape)
  const { dtype, file } = tensor
  if (!isStoredDtype(dtype)) {
    throw new Failure(`${file}: tensor ${spec.name} must be ${DTYPES.join(', ')}, got ${dtype}`, {
      hint: 'save the checkpoint as F32, F16 or BF16',
    })
  }
  if (!transposed) return { dtype, shape: spec.shape, file, read: tensor.read }
  const [rows, columns] = tensor.shape
  return {
    dtype,
    shape: spec.shape,
    file,
    read: async () => transpose(await tensor.read(), rows, columns, elementBytes(dtype)),
  }
}

function checkShape(name: string, tensor: LocatedTensor, shape: readonly number[]): void {
  if (tensor.shape.length === shape.length && tensor.shape.every((extent, i) => extent === shape[i])) return
  throw new Failure(`${tensor.file}: tensor ${name} must have shape [${shape}], got [${tensor.shape}]`, {
    hint: 'config.json and the weights must come from the same checkpoint',
  })
}

function transpose(bytes: Uint8Array, rows: number, columns: number, width: number): Uint8Array {
  const count = rows * columns
  const { buffer, byteOffset } = bytes
  const from =
    width === 2 ? new Uint16Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count)
  const to = width === 2 ? new Uint16Array(count) : new Uint32Array(count)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]
  }
  return new Uint8Array(to.buffer)
}

function isStoredDtype(dtype: string): dtype is StoredDtype {
  return DTYPES.includes(dtype)
}
