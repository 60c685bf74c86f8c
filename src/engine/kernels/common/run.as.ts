/**
 * What a thread does: waits for a program, goes through its operations, and waits again. The host lays programs out
 * (src/engine/cpu/program.ts) and starts them (src/engine/cpu/pool.ts).
 *
 * An operation ends when its tasks are done, not when all threads have been there: one that has its core taken away
 * between two operations holds nobody up, and goes on with whatever operation it finds under way.
 */
import { call } from '../call.as'
import { at, bytesOf, Dispatch, enter, take } from './dispatch.as'

export { adapt } from '../matmul/tile.as'
export { tryTiles } from '../matmul/try-tiles.as'
export { enter }

/** Words that host and threads share. */
@unmanaged
class Control {
  /**
   * Where all are: program, counted from 0, the operation under way, DONE after the last one, and how many threads are
   * in it. In one word, so that nobody enters an operation that has ended.
   */
  state: u64
  /** Of the program: address and number of operations. */
  program: u32
  operations: u32
  /** Threads that sleep until the operation changes. */
  sleepers: u32
  /** Not 0: threads end. */
  stopped: u32
}

// Bits of `state`, from the lowest on: 16 for threads, 24 for the operation, 24 for the program.
const OPERATION: u32 = 16
const PROGRAM: u32 = 40
const INSIDE: u64 = 0xffff
const DONE: u32 = 0xffffff

const OPERATION_BYTES: u32 = 192

/** Times a thread looks before it sleeps: a few microseconds, less than it takes to be woken. */
const PATIENCE: u32 = 4000

// The kernels that are no kernel: what a command encoder has beside dispatches.
const COPY: u32 = 0xffff0000
const CLEAR: u32 = 0xffff0001
const STAMP: u32 = 0xffff0002

/** Nanoseconds of a clock that all threads share. */
@external('env', 'stamp')
declare function stamp(): i64

/**
 * A function of the host that does nothing. V8 keeps the size of memory in each thread, and looks for growth by another thread only
 * where it looks for interruptions, as it does on entering JavaScript: an atomic access to what has just been grown would else be taken
 * for one beyond the end.
 */
@external('env', 'refresh')
declare function refresh(): void

/** The program that this thread has last looked at. */
let known: u64 = 0

/** Works until a program ends: 1 in the thread that ends it. -1 when threads are to end. */
export function run(control: Control): i32 {
  const at = changetype<usize>(control)
  while (true) {
    const state = atomic.load<u64>(at)
    if (atomic.load<u32>(at, offsetof<Control>('stopped')) !== 0) return -1
    const index = <u32>(state >> OPERATION) & DONE
    if (index === DONE) {
      awaitChange(control, state)
      continue
    }
    if (state >> PROGRAM !== known) {
      known = state >> PROGRAM
      refresh()
    }
    const operation: usize = <usize>(control.program + index * OPERATION_BYTES)
    const last = index + 1 === control.operations
    // Only with success are these of the operation under way, and stay so until this thread leaves.
    if (atomic.cmpxchg<u64>(at, state, state + 1) !== state) continue
    perform(operation)
    if (leave(control, last) && last) return 1
  }
}

function perform(operation: usize): void {
  const kernel = load<u32>(operation)
  const d = changetype<Dispatch>(operation + 4)
  if (kernel < COPY) call(kernel, d)
  else if (kernel === STAMP) writeStamp(d)
  else moveBytes(kernel, d)
}

/**
 * No task is left. The thread that leaves as the last one has the next operation begin, and gets true; others wait for
 * it.
 */
function leave(control: Control, last: bool): bool {
  const at = changetype<usize>(control)
  let state = atomic.load<u64>(at)
  while (true) {
    const alone = (state & INSIDE) === 1
    const next = !alone ? state - 1 : last ? (state - 1) | (<u64>DONE << OPERATION) : state - 1 + (1 << OPERATION)
    const found = atomic.cmpxchg<u64>(at, state, next)
    if (found === state) {
      if (!alone) awaitChange(control, next)
      else if (atomic.load<u32>(at, offsetof<Control>('sleepers')) > 0) atomic.notify(at, -1)
      return alone
    }
    state = found
  }
}

/** Waits while the operation is that of `state`. */
function awaitChange(control: Control, state: u64): void {
  const at = changetype<usize>(control)
  const here = state >> OPERATION
  for (let i: u32 = 0; i < PATIENCE; i++) if (atomic.load<u64>(at) >> OPERATION !== here) return
  atomic.add<u32>(at, 1, offsetof<Control>('sleepers'))
  let now = atomic.load<u64>(at)
  while (now >> OPERATION === here) {
    atomic.wait<u64>(at, now, -1)
    now = atomic.load<u64>(at)
  }
  atomic.sub<u32>(at, 1, offsetof<Control>('sleepers'))
}

const CHUNK: u32 = 1 << 18

function moveBytes(kernel: u32, d: Dispatch): void {
  const bytes = bytesOf(d, 0)
  const chunks: u32 = (bytes + CHUNK - 1) / CHUNK
  for (let i = take(d); i < chunks; i = take(d)) {
    const from = i * CHUNK
    const size = min<u32>(CHUNK, bytes - from)
    if (kernel === CLEAR) memory.fill(at(d, 0) + from, 0, size)
    else memory.copy(at(d, 1) + from, at(d, 0) + from, size)
  }
}

function writeStamp(d: Dispatch): void {
  if (take(d) === 0) store<i64>(at(d, 0), stamp())
}
