/**
 * A model of llm.c: 256 int32 of header, then the weights, each kind for all layers at once, as raw floats. Version 3 holds float32,
 * version 5 bfloat16 (write_model in train_gpt2.py, gpt2_build_from_checkpoint in train_gpt2.c and .cu of karpathy/llm.c). Linear weights
 * are [out, in], and the token table has rows added up to a multiple of 128, which are left out here.
 */
import { stat } from 'node:fs/promises'
import { Failure } from '../../errors.js'
import type { JsonObject } from '../json-file.js'
import { elementBytes, sizeOf } from '../safetensors.js'
import { type LocatedTensors, located, readStart } from './located.js'

const LLMC_MAGIC = 20240326

const HEADER_INTS = 256
const DTYPES: ReadonlyMap<number, 'F32' | 'BF16'> = new Map([
  [3, 'F32'],
  [5, 'BF16'],
])

/** Before anything is made of the number. */
const MOST_LAYERS = 1000

/** Header fields from the third on. */
const FIELDS = ['n_positions', 'vocab_size', 'n_layer', 'n_head', 'n_embd', 'padded vocabulary'] as const

export const isLlmc = (start: Buffer): boolean => start.length >= 4 && start.readInt32LE(0) === LLMC_MAGIC

/** @throws Failure on another version, sizes below one, and a file whose length is not what its header says */
export async function openLlmc(file: string): Promise<{ tensors: LocatedTensors; config: JsonObject }> {
  const hint = 'download or export the file again'
  const start = Buffer.from(await readStart(file, 4 * HEADER_INTS))
  if (start.length < 4 * HEADER_INTS) {
    throw new Failure(
      `${file}: truncated, llm.c's header has ${4 * HEADER_INTS} bytes, got ${start.length}`,
      {
        hint,
      },
    )
  }
  const version = start.readInt32LE(4)
  const dtype = DTYPES.get(version)
  if (dtype === undefined) {
    throw new Failure(`${file}: llm.c's version must be 3 (float32) or 5 (bfloat16), got ${version}`, {
      hint: 'write it again with the current llm.c',
    })
  }
  const sizes = FIELDS.map((_, i) => start.readInt32LE(4 * (2 + i)))
  const wrong = sizes.findIndex((size) => size < 1)
  if (wrong >= 0)
    throw new Failure(`${file}: ${FIELDS[wrong]} must be above 0, got ${sizes[wrong]}`, { hint })
  const [P, V, L, H, C, padded] = sizes
  if (V > padded) {
    throw new Failure(`${file}: vocab_size must be at most the padded vocabulary of ${padded}, got ${V}`, {
      hint,
    })
  }
  if (L > MOST_LAYERS)
    throw new Failure(`${file}: n_layer must be at most ${MOST_LAYERS}, got ${L}`, { hint })
  const width = elementBytes(dtype)
  const groups = groupsOf({ P, L, C, padded })
  const expected =
    4 * HEADER_INTS + width * groups.reduce((sum, { layers, shape }) => sum + layers * sizeOf(shape), 0)
  const { size } = await stat(file)
  if (size !== expected) {
    throw new Failure(`${file}: must have ${expected} bytes for the sizes in its header, got ${size}`, {
      hint,
    })
  }
  const tensors: LocatedTensors = new Map()
  let offset = 4 * HEADER_INTS
  for (const { name, layers, shape } of groups) {
    const stored = width * sizeOf(shape)
    for (let n = 0; n < layers; n++, offset += stored) {
      const kept = name === 'wte.weight' ? [V, C] : shape
      const byteLength = width * sizeOf(kept)
      tensors.set(name.replace('*', String(n)), located(file, { dtype, shape: kept, byteLength, offset }))
    }
  }
  return {
    tensors,
    config: {
      model_type: 'gpt2',
      vocab_size: V,
      n_positions: P,
      n_embd: C,
      n_layer: L,
      n_head: H,
      activation_function: 'gelu_new',
    },
  }
}

interface Group {
  /** With `*` for the layer. */
  name: string
  layers: number
  shape: readonly number[]
}

/** In the order in which they are stored. */
function groupsOf({ P, L, C, padded }: { P: number; L: number; C: number; padded: number }): Group[] {
  const layers = (name: string, ...shape: number[]): Group => ({ name: `h.*.${name}`, layers: L, shape })
  const once = (name: string, ...shape: number[]): Group => ({ name, layers: 1, shape })
  return [
    once('wte.weight', padded, C),
    once('wpe.weight', P, C),
    layers('ln_1.weight', C),
    layers('ln_1.bias', C),
    layers('attn.c_attn.weight', 3 * C, C),
    layers('attn.c_attn.bias', 3 * C),
    layers('attn.c_proj.weight', C, C),
    layers('attn.c_proj.bias', C),
    layers('ln_2.weight', C),
    layers('ln_2.bias', C),
    layers('mlp.c_fc.weight', 4 * C, C),
    layers('mlp.c_fc.bias', 4 * C),
    layers('mlp.c_proj.weight', C, 4 * C),
    layers('mlp.c_proj.bias', C),
    once('ln_f.weight', C),
    once('ln_f.bias', C),
  ]
}
