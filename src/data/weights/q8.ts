/** ggml's Q8_0: blocks of 32 signed bytes with an f16 scale before them. Their products are exact in float32. */
import { f16ToF32 } from '../../engine/half.js'
import { readRange, withFile } from './located.js'

export const BLOCK = 32
const BLOCK_BYTES = 2 + BLOCK

/** What so many floats take. */
export const q8Bytes = (size: number): number => (size / BLOCK) * BLOCK_BYTES

/** The floats, little-endian. */
export async function readQ8(file: string, offset: number, byteLength: number): Promise<Uint8Array> {
  const stored = await withFile(file, (handle) => readRange(handle, offset, byteLength, file))
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  const floats = new Float32Array((byteLength / BLOCK_BYTES) * BLOCK)
  for (let block = 0, at = 0; at < byteLength; block++, at += BLOCK_BYTES) {
    const scale = f16ToF32(view.getUint16(at, true))
    for (let i = 0; i < BLOCK; i++) floats[block * BLOCK + i] = scale * view.getInt8(at + 2 + i)
  }
  return new Uint8Array(floats.buffer)
}
