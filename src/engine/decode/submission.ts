/** Submits a list of steps to the device at once, and reads the results back with one mapping. */
import type { CommandEncoder, ComputeDevice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { type Region, readBackAll } from '../compute/read.js'
import { type DispatchList, play, type Times } from './dispatch-list.js'

/** What is to be done around the steps, and read after them. */
export interface Work {
  before?: (encoder: CommandEncoder) => void
  after?: (encoder: CommandEncoder) => void
  tokens: Region
  /** M: rows whose logits there are. */
  scored: number
}

/** As read, word by word. */
export interface Readings {
  tokens: Uint32Array
  status: Uint32Array
  logits: Float32Array | null
  /** Null where the adapter has no clock. */
  time: Times | null
}

export async function submit(
  device: ComputeDevice,
  memory: Memory,
  lists: readonly DispatchList[],
  {
    before,
    after,
    tokens,
    status,
    logits,
    profile,
  }: Work & { status: Region; logits: Region | null; profile: boolean },
): Promise<Readings> {
  const encoder = device.createCommandEncoder()
  before?.(encoder)
  const clock = play(encoder, lists, { device, memory, profile })
  after?.(encoder)
  const wanted = [tokens, status, ...(logits === null ? [] : [logits])]
  const read = readBackAll(memory, encoder, [...wanted, ...(clock?.regions ?? [])])
  device.queue.submit([encoder.finish()])
  try {
    const bytes = await read()
    return {
      tokens: new Uint32Array(bytes[0]),
      status: new Uint32Array(bytes[1]),
      logits: logits === null ? null : new Float32Array(bytes[2]),
      time: clock?.seconds(bytes.slice(wanted.length)) ?? null,
    }
  } finally {
    clock?.free()
  }
}
