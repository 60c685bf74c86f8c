/**
 * What a thread does: waits for a program, goes through its operations together with the other threads, one after the
 * other, and waits again. The host lays programs out (src/engine/cpu/program.ts) and starts them (src/engine/cpu/pool.ts).
 */
import { call } from '../call.as'
import { at, bytesOf, Dispatch, enter, take } from './dispatch.as'

export { adapt } from '../matmul/tile.as'
export { tryTiles } from '../matmul/try-tiles.as'
export { enter }

/** Words that host and threads share. */
@unmanaged
class Control {
  /** Programs started so far. */
  started: u32
  /** Threads there are. */
  threads: u32
  /** Of the program: address and number of operations. */
  program: u32
  operations: u32
  /** Threads that are done with the operation at hand; operations done so far, over all programs. */
  arrived: u32
  done: u32
  /** Threads that sleep until `done` or `started` changes. */
  sleepers: u32
  /** Not 0: threads end. */
  stopped: u32
}

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

/** Runs the program that follows the `seen` ones so far; 1 in the thread that ends it, 0 in the others, -1 at the end. */
export function run(control: Control, seen: u32): i32 {
  sleepWhile(control, offsetof<Control>('started'), seen)
  if (atomic.load<u32>(changetype<usize>(control), offsetof<Control>('stopped')) !== 0) return -1
  const operations = control.operations
  const program = control.program
  let last = false
  for (let i: u32 = 0; i < operations; i++) {
    const operation: usize = <usize>(program + i * OPERATION_BYTES)
    const kernel = load<u32>(operation)
    const d = changetype<Dispatch>(operation + 4)
    if (kernel < COPY) call(kernel, d)
    else if (kernel === STAMP) writeStamp(d)
    else moveBytes(kernel, d)
    last = meet(control)
  }
  return last ? 1 : 0
}

/** Waits until every thread is here; true in the one that came last. */
function meet(control: Control): bool {
  const at = changetype<usize>(control)
  const done = atomic.load<u32>(at, offsetof<Control>('done'))
  if (atomic.add<u32>(at, 1, offsetof<Control>('arrived')) + 1 < control.threads) {
    sleepWhile(control, offsetof<Control>('done'), done)
    return false
  }
  atomic.store<u32>(at, 0, offsetof<Control>('arrived'))
  atomic.store<u32>(at, done + 1, offsetof<Control>('done'))
  if (atomic.load<u32>(at, offsetof<Control>('sleepers')) > 0) {
    atomic.notify(at + offsetof<Control>('done'), -1)
  }
  return true
}

function sleepWhile(control: Control, word: usize, value: u32): void {
  const at = changetype<usize>(control)
  for (let i: u32 = 0; i < PATIENCE; i++) if (atomic.load<u32>(at + word) !== value) return
  atomic.add<u32>(at, 1, offsetof<Control>('sleepers'))
  while (atomic.load<u32>(at + word) === value) atomic.wait<u32>(at + word, value, -1)
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
