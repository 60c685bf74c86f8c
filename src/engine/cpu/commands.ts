/** Recording: passes, copies and time stamps become operations in the order they are recorded. */
import type {
  BindGroup,
  CommandEncoder,
  ComputePassEncoder,
  DeviceBuffer,
  Pipeline,
  QuerySet,
  TimestampWrites,
} from '../compute/device.js'
import { CLEAR, COPY, type MemoryRange, type Operation, partOf, STAMP } from './program.js'

/** A kernel with its constants. */
export interface CpuPipeline {
  kernel: number
  constants: readonly number[]
}

export interface CpuBindGroup {
  bindings: readonly MemoryRange[]
}

/** Where the 64-bit time stamps of a set lie. */
export interface CpuQuerySet extends QuerySet {
  range: MemoryRange
}

const STAMP_BYTES = 8

const moved = (kernel: number, bindings: readonly MemoryRange[]): Operation => ({
  kernel,
  grid: [1, 1, 1],
  constants: [],
  bindings,
})

/** @param rangeOf where a buffer of this device lies */
export function recordCommands(rangeOf: (buffer: DeviceBuffer) => MemoryRange): CommandEncoder {
  const operations: Operation[] = []
  const stretch = (buffer: DeviceBuffer, at: number, bytes: number): MemoryRange =>
    partOf(rangeOf(buffer), at, bytes)
  return {
    beginComputePass: ({ timestampWrites } = {}) => recordPass(operations, timestampWrites),
    copyBufferToBuffer(from, at, to, into, bytes) {
      operations.push(moved(COPY, [stretch(from, at, bytes), stretch(to, into, bytes)]))
    },
    clearBuffer(buffer) {
      operations.push(moved(CLEAR, [stretch(buffer, 0, buffer.size)]))
    },
    resolveQuerySet(querySet, first, count, to, at) {
      const { range } = querySet as CpuQuerySet
      const from = partOf(range, STAMP_BYTES * first, STAMP_BYTES * count)
      operations.push(moved(COPY, [from, stretch(to, at, from.bytes)]))
    },
    finish: () => operations,
  }
}

function recordPass(operations: Operation[], writes: TimestampWrites | undefined): ComputePassEncoder {
  let pipeline: CpuPipeline | null = null
  let group: CpuBindGroup | null = null
  const stamp = (index: number | undefined): void => {
    if (writes === undefined || index === undefined) return
    const { range } = writes.querySet as CpuQuerySet
    operations.push(moved(STAMP, [partOf(range, STAMP_BYTES * index, STAMP_BYTES)]))
  }
  stamp(writes?.beginningOfPassWriteIndex)
  return {
    setPipeline(next: Pipeline) {
      pipeline = next as CpuPipeline
    },
    setBindGroup(_index: number, next: BindGroup) {
      group = next as CpuBindGroup
    },
    dispatchWorkgroups(x, y, z) {
      if (pipeline === null || group === null) throw new RangeError('dispatch: nothing is bound')
      operations.push({ ...pipeline, grid: [x, y, z], bindings: group.bindings })
    },
    end: () => stamp(writes?.endOfPassWriteIndex),
  }
}
