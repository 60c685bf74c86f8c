/** A GPT-2 checkpoint small enough to take apart: every tensor counts on from a different number. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensors, type SafetensorsDtype, type TensorBytes } from '../../src/data/safetensors.js'

export const CONFIG = {
  model_type: 'gpt2',
  vocab_size: 10,
  n_positions: 6,
  n_embd: 64,
  n_layer: 2,
  n_head: 1,
  int_n_embd: 4,
  propagate_in_depth: true,
}

export type Tensors = Map<string, TensorBytes>

/** F32 tensor holding first, first + 1, first + 2, ... */
export function counting(shape: readonly number[], first: number): TensorBytes {
  const count = shape.reduce((product, extent) => product * extent, 1)
  const values = Float32Array.from({ length: count }, (_, i) => first + i)
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }
}

/** Names without prefix, Conv1D weights as [in, out], interaction tensors in both layers. */
export function tinyTensors(): Tensors {
  const [C, r] = [CONFIG.n_embd, CONFIG.int_n_embd]
  const layer: Record<string, number[]> = {
    'ln_1.weight': [C],
    'ln_1.bias': [C],
    'attn.c_attn.weight': [C, 3 * C],
    'attn.c_attn.bias': [3 * C],
    'attn.c_proj.weight': [C, C],
    'attn.c_proj.bias': [C],
    'attn.q_int.weight': [r, C],
    'attn.k_int.weight': [r, C],
    'attn.int_bias': [1],
    'ln_2.weight': [C],
    'ln_2.bias': [C],
    'mlp.c_fc.weight': [C, 4 * C],
    'mlp.c_fc.bias': [4 * C],
    'mlp.c_proj.weight': [4 * C, C],
    'mlp.c_proj.bias': [C],
  }
  const shapes: [string, number[]][] = [
    ['wte.weight', [CONFIG.vocab_size, C]],
    ['wpe.weight', [CONFIG.n_positions, C]],
    ...[0, 1].flatMap((n) => Object.entries(layer).map(([k, v]): [string, number[]] => [`h.${n}.${k}`, v])),
    ['ln_f.weight', [C]],
    ['ln_f.bias', [C]],
  ]
  return new Map(shapes.map(([name, shape], i) => [name, counting(shape, 1000 * i)]))
}

/** The same values as a Linear layer keeps them: [out, in]. */
export function transposed({ dtype, shape, bytes }: TensorBytes): TensorBytes {
  const [rows, columns] = shape
  const width = bytes.byteLength / (rows * columns)
  const to = new Uint8Array(bytes.byteLength)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * width
      to.set(bytes.subarray(from, from + width), (column * rows + row) * width)
    }
  }
  return { dtype, shape: [columns, rows], bytes: to }
}

/** Other element type, same shape; the bytes are cut to size, their meaning does not matter here. */
export function retyped({ shape, bytes }: TensorBytes, dtype: SafetensorsDtype, width: number): TensorBytes {
  return { dtype, shape, bytes: bytes.slice(0, (bytes.byteLength / 4) * width) }
}

export async function writeCheckpoint(
  folder: string,
  tensors: ReadonlyMap<string, TensorBytes>,
  config: Record<string, unknown> = CONFIG,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }))
}
