/**
 * The model every peer runs: asp's random GPT-2 with weights that halves hold exactly, so that f32 and f16 peers
 * compute with the same numbers. It lies in one file of f32 tensors, which asp and ONNX Runtime read as it is.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { RANDOM_PREFIX, randomModel } from '../../src/data/random-model.js'
import type { Gpt2Config } from '../../src/engine/gpt2/config.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import type { StoredTensor, TensorSource } from '../../src/engine/tensor-source.js'

const MODELS = fileURLToPath(new URL('models/', import.meta.url))

/** Goes up when the numbers change, so that files of an earlier version are not taken for these. */
const VERSION = 1
const SEED = 1

/** ONNX Runtime maps external tensors; whole pages suit it. */
const PAGE = 4096

/** Where a tensor lies in the file. */
export interface PlacedTensor {
  name: string
  shape: readonly number[]
  /** Numbers in it. */
  size: number
  /** Bytes from the start of the file. */
  offset: number
}

export interface Model {
  /** As asp names sizes of random weights: gpt2, gpt2-medium, 192x2. */
  name: string
  config: Gpt2Config
  tensors: readonly PlacedTensor[]
  /** Absolute path of the f32 file. */
  weights: string
}

/**
 * Plans the file; nothing is read or written.
 * @throws Failure when there are no random weights of this name
 */
export function describeModel(name: string): Model {
  const { config, tensors } = randomModel(`${RANDOM_PREFIX}${name}`, SEED)
  let offset = 0
  const placed = Array.from(tensors, ([name, { shape }]) => {
    const size = shape.reduce((product, n) => product * n, 1)
    const tensor = { name, shape, size, offset }
    offset += Math.ceil((4 * size) / PAGE) * PAGE
    return tensor
  })
  return { name, config, tensors: placed, weights: modelFile(name, 'f32.weights') }
}

/** Path of a file made from the model. */
export function modelFile(name: string, suffix: string): string {
  return `${MODELS}${name}-v${VERSION}.${suffix}`
}

/** Writes the weights unless they are there already. */
export async function writeWeights({ name, tensors, weights }: Model): Promise<void> {
  const source = randomModel(`${RANDOM_PREFIX}${name}`, SEED).tensors
  const last = tensors[tensors.length - 1]
  await writeOnce(weights, last.offset + 4 * last.size, async function* () {
    let written = 0
    for (const { name, offset } of tensors) {
      yield Buffer.alloc(offset - written)
      const bytes = await source.get(name)?.read()
      if (bytes === undefined) throw new Error(`random model: has no ${name}`)
      adjust(name, new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4))
      yield bytes
      written = offset + bytes.length
    }
  })
}

/**
 * Writes what `chunks` yields to a temporary name and renames it when whole; a file of `size` bytes that is there
 * already is kept.
 */
export async function writeOnce(
  file: string,
  size: number,
  chunks: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  const present = await stat(file).catch(() => null)
  if (present?.size === size) return
  await mkdir(MODELS, { recursive: true })
  const partial = `${file}.${process.pid}.tmp`
  await pipeline(chunks, createWriteStream(partial))
  await rename(partial, file)
}

/** One tensor of the file, row-major. */
export async function readTensor({ weights }: Model, { offset, size }: PlacedTensor): Promise<Float32Array> {
  const values = new Float32Array(size)
  const handle = await open(weights)
  try {
    const { bytesRead } = await handle.read(new Uint8Array(values.buffer), 0, 4 * size, offset)
    if (bytesRead !== 4 * size) throw new Error(`${weights}: ends early`)
  } finally {
    await handle.close()
  }
  return values
}

/** The file as asp's engine wants it. */
export function tensorSource(model: Model): TensorSource {
  return new Map(
    model.tensors.map((tensor): [string, StoredTensor] => [
      tensor.name,
      {
        dtype: 'F32',
        shape: tensor.shape,
        read: async () => new Uint8Array((await readTensor(model, tensor)).buffer),
      },
    ]),
  )
}

/**
 * Rounds weights to halves. Random weights have no biases and gains of 1; a peer that forgot them would go unnoticed,
 * so they get small steps on top.
 */
function adjust(name: string, values: Float32Array): void {
  const flat = values.length > 1 && /\.bias$|ln_(1|2|f)\.weight$/.test(name)
  for (let i = 0; i < values.length; i++) {
    values[i] = HALVES[f32ToF16(flat ? values[i] + ((i * 7919) % 64) / 1024 - 1 / 32 : values[i])]
  }
}

/** The value of every half. */
const HALVES = Float32Array.from({ length: 0x10000 }, (_, bits) => f16ToF32(bits))
