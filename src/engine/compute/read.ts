import type { CommandEncoder, DeviceBuffer } from './device.js'
import type { Memory } from './memory.js'

/** A copy recorded into a command encoder, to be read by the host once the work is done. */
export interface Readback {
  bytes(): Promise<ArrayBuffer>
}

/** Records a copy of `size` bytes of `buffer` to a staging buffer of its own, which `bytes` maps and frees. */
export function readBack(
  memory: Memory,
  encoder: CommandEncoder,
  buffer: DeviceBuffer,
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

/** A stretch of a buffer. */
export interface Region {
  buffer: DeviceBuffer
  offset?: number
  /** Bytes, a multiple of 4. */
  size: number
}

/** Records copies of several regions into one staging buffer: one mapping, however many regions. */
export function readBackAll(
  memory: Memory,
  encoder: CommandEncoder,
  regions: readonly Region[],
): () => Promise<ArrayBuffer[]> {
  const total = regions.reduce((sum, { size }) => sum + size, 0)
  const staging = memory.staging(`read ${regions.length} regions`, total)
  let at = 0
  for (const { buffer, offset = 0, size } of regions) {
    encoder.copyBufferToBuffer(buffer, offset, staging, at, size)
    at += size
  }
  return async () => {
    try {
      await staging.mapAsync(1 /* GPUMapMode.READ */, 0, total)
      const bytes = staging.getMappedRange(0, total)
      let from = 0
      return regions.map(({ size }) => {
        from += size
        return bytes.slice(from - size, from)
      })
    } finally {
      memory.free(staging)
    }
  }
}
