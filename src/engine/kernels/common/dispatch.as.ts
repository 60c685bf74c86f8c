/**
 * One dispatch as the host lays it out in linear memory, and how a thread works on it. Every thread calls the kernel once a
 * dispatch; the kernel takes tasks until none is left. A task's result may depend neither on the thread nor on the order.
 */

/** Words before the constants, between constants and bindings, and of a binding; src/engine/cpu/program.ts writes them. */
const HEAD = 4
const CONSTANTS = 16
const BINDING = 2

@unmanaged
export class Dispatch {
  /** The next task that nobody has taken. */
  next: u32
  /** The grid, as a shader would have it in workgroups. */
  x: u32
  y: u32
  z: u32
}

/** The next task of this dispatch; the caller compares it with how many there are. */
@inline
export function take(d: Dispatch): u32 {
  return atomic.add<u32>(changetype<usize>(d), 1)
}

/** The variant and override constants, in the order that the kernel's row in table.ts has. */
@inline
export function constants<T>(d: Dispatch): T {
  return changetype<T>(changetype<usize>(d) + 4 * HEAD)
}

/** Address of binding `i`. */
@inline
export function at(d: Dispatch, i: u32): usize {
  return <usize>load<u32>(changetype<usize>(d) + 4 * (HEAD + CONSTANTS + BINDING * i))
}

/** Bytes of binding `i`: what `arrayLength` is in a shader, times the size of an element. */
@inline
export function bytesOf(d: Dispatch, i: u32): u32 {
  return load<u32>(changetype<usize>(d) + 4 * (HEAD + CONSTANTS + BINDING * i + 1))
}

/** Binding `i` as a struct: the uniforms of a shader. */
@inline
export function struct<T>(d: Dispatch, i: u32): T {
  return changetype<T>(at(d, i))
}

/** Which thread this is; a global of the instance, so every thread has its own. */
let scratchAt: usize = 0

/** Called once by each thread: where its own working memory lies. */
export function enter(scratchAddress: usize): void {
  scratchAt = scratchAddress
}

/** SCRATCH_BYTES of this thread's own, 64-byte aligned; nothing in it lives longer than a task. */
@inline
export function scratch(): usize {
  return scratchAt
}

/** Bytes of scratch; src/engine/cpu/pool.ts allocates as many for each thread. */
export const SCRATCH_BYTES: u32 = 4 << 20
