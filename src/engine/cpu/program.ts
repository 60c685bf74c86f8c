/** How operations lie in linear memory: what common/run.as.ts and common/dispatch.as.ts read. Pure. */

/** Words of an operation: its kernel, the next task, the grid, constants, then address and bytes of each binding. */
const [HEAD, CONSTANTS, BINDINGS] = [5, 16, 12]
export const OPERATION_WORDS = 48
if (HEAD + CONSTANTS + 2 * BINDINGS > OPERATION_WORDS)
  throw new RangeError('program: operations are too short')

/** Numbers of the operations that are no kernel. */
export const COPY = 0xffff0000
export const CLEAR = 0xffff0001
export const STAMP = 0xffff0002

/** A stretch of linear memory; at address 0 where there was no room for it. */
export interface MemoryRange {
  address: number
  bytes: number
}

/** Part of a stretch. */
export function partOf({ address }: MemoryRange, offset: number, bytes: number): MemoryRange {
  return { address: address === 0 ? 0 : address + offset, bytes }
}

export interface Operation {
  /** A kernel's number in the module, or one of the above. */
  kernel: number
  grid: readonly [number, number, number]
  /** As 32-bit words. */
  constants: readonly number[]
  bindings: readonly MemoryRange[]
}

/** Whether everything that an operation reads and writes is there. */
export function isComplete({ bindings }: Operation): boolean {
  return bindings.every(({ address }) => address !== 0)
}

/** Throws RangeError when a kernel has more constants or bindings than there is room for. */
export function layOutProgram(operations: readonly Operation[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(operations.length * OPERATION_WORDS)
  operations.forEach(({ kernel, grid, constants, bindings }, index) => {
    if (constants.length > CONSTANTS || bindings.length > BINDINGS) {
      throw new RangeError(
        `program: ${constants.length} constants and ${bindings.length} bindings are too many`,
      )
    }
    const at = index * OPERATION_WORDS
    words[at] = kernel
    words.set(grid, at + 2)
    words.set(constants, at + HEAD)
    bindings.forEach(({ address, bytes }, i) => {
      words[at + HEAD + CONSTANTS + 2 * i] = address
      words[at + HEAD + CONSTANTS + 2 * i + 1] = bytes
    })
  })
  return words
}
