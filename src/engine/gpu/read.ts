import type { Memory } from './memory.js'

/** A copy recorded into a command encoder, to be read by the host once the work is done. */
export interface Readback {
  bytes(): Promise<ArrayBuffer>
}

/** Records a copy of `size` bytes of `buffer` to a staging buffer of its own, which `bytes` maps and frees. */
export function readBack(
  memory: Memory,
  encoder: GPUCommandEncoder,
  buffer: GPUBuffer,
  size: number,
  offset = 0,
): Readback {
  const aligned = Math.ceil(size / 4) * 4
  const staging = memory.staging(`read ${buffer.label}`, aligned)
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, aligned)
  return {
    async bytes() {
      try {
        await staging.mapAsync(1 /* GPUMapMode.READ */, 0, aligned)
        return staging.getMappedRange(0, aligned).slice(0, size)
      } finally {
        memory.free(staging)
      }
    },
  }
}
