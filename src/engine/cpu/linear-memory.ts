/** The one shared linear memory that holds all of a CPU device, and its limits. */
import { EXIT, Failure } from '../../errors.js'

const PAGE = 65536
/** All a 32-bit memory can have, less the last page: addresses of its end would not fit into a word. */
const MOST_PAGES = 65536
export const MOST_BYTES = (MOST_PAGES - 1) * PAGE

/** Pages that memory grows by at least. */
const STEP_PAGES = 256

/** Where buffers begin: the page below is for constants of the module, and an address of 0 is none. */
export const FIRST_ADDRESS = PAGE

/** Linear memory that can grow to all that 32 bits can address. */
export function sharedMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: STEP_PAGES, maximum: MOST_PAGES, shared: true })
  } catch {
    throw noMemory('4 GiB of shared addresses', 'raise the limit of this process (ulimit -v)')
  }
}

/** Makes memory end at `end` or later; false when there is no more. */
export function growTo(memory: WebAssembly.Memory, end: number): boolean {
  const pages = Math.ceil(end / PAGE) - memory.buffer.byteLength / PAGE
  if (pages <= 0) return true
  if (end > MOST_BYTES) return false
  try {
    memory.grow(Math.min(Math.max(pages, STEP_PAGES), MOST_PAGES - memory.buffer.byteLength / PAGE))
  } catch {
    return false
  }
  return true
}

export function noMemory(what: string, hint: string): Failure {
  return new Failure(`device memory: no room for ${what}`, { hint, exit: EXIT.failed, code: 'memory' })
}
