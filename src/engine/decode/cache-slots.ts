/**
 * The structure of the paper's implementation (docs/method.md, Slot cache), for comparison: every sequence has as many rows, one
 * after another, common to keys, values and interaction keys. A new row takes the first free one; all sequences are read up to
 * the same padded length; below a load of 0.9 what lies after the first hole is compacted.
 *
 * It is faster than the original, which reads back from the device at least twice in every layer of every token: here the
 * device finds free rows, measures the load and compacts, without a second buffer, and moves only rows that have to move.
 */
import type { CommandEncoder, ComputePass, KernelSpec } from '../compute/device.js'
import type { CacheScheme, LayerView, SpanList } from './cache-scheme.js'
import { type CacheShape, maxPages, PAGE, slotPagesNeeded, slotPagesWanted, stateOffsets } from './layout.js'

/** The modes of cache-slots.wgsl. */
const MODES = { occupy: 0, compact: 1, advance: 2, release: 3 } as const

export const SLOTS: CacheScheme = {
  padded: true,
  next: 'free',
  needed: slotPagesNeeded,
  wanted: slotPagesWanted,
  emptyState,
  // Every sequence has rows up to the padded length.
  rowsHeld: ({ rows }) => rows.reduce((sum, count) => sum + count, 0),
  reserve: () => {},
  occupy: (pass, view, step) => dispatchSlots(pass, view, step, 'occupy'),
  compact: (pass, view, step) => {
    dispatchSlots(pass, view, step, view.prunes ? 'compact' : 'advance')
    if (view.prunes) moveDown(pass, view)
  },
  release: (pass, view, ended) => dispatchSlots(pass, view, ended, 'release'),
  move,
}

const NEVER = 0xffffffff

function emptyState(shape: CacheShape, pages: number): Uint32Array<ArrayBuffer> {
  const { table, positions, free, words } = stateOffsets(shape, pages)
  const state = new Uint32Array(words)
  const each = pages / shape.slots
  for (let slot = 0; slot < shape.slots; slot++) {
    for (let i = 0; i < each; i++) state[table + slot * maxPages(shape) + i] = slot * each + i
  }
  return state.fill(NEVER, positions, free)
}

function dispatchSlots(pass: ComputePass, view: LayerView, step: SpanList, mode: keyof typeof MODES): void {
  const { context, state, status, uniform } = view
  const spec: KernelSpec = {
    kernel: 'cache-slots',
    constants: { MODE: MODES[mode], WORKGROUP: context.tuning.lanes },
  }
  context.kernels.dispatch(pass, spec, [state, step.spans, status, uniform, step.spansUniform], [1])
}

function moveDown(pass: ComputePass, view: LayerView): void {
  const { context, shape, keys, values, interactionKeys, state, uniform } = view
  const spec: KernelSpec = {
    kernel: 'cache-compact',
    constants: {
      KV4: view.rowBytes / 16,
      R4: view.interactionBytes / 16,
      WORKGROUP: context.tuning.lanes,
    },
  }
  context.kernels.dispatch(pass, spec, [keys, values, interactionKeys, state, uniform], [shape.slots])
}

/** Each slot's rows to where they start now; the page table is that of the new buffers. */
function move(encoder: CommandEncoder, from: LayerView, to: LayerView): void {
  const { shape } = from
  const rows = (from.pages / shape.slots) * PAGE
  const apart = (to.pages / shape.slots) * PAGE
  const old = stateOffsets(shape, from.pages)
  const next = stateOffsets(shape, to.pages)
  const words = (at: number, to_: number, count: number): void =>
    encoder.copyBufferToBuffer(from.state, 4 * at, to.state, 4 * to_, 4 * count)
  words(0, 0, shape.slots)
  words(old.alive, next.alive, old.positions - old.alive)
  words(old.free, next.free, 2)
  const pools = [
    [from.keys, to.keys, from.rowBytes],
    [from.values, to.values, from.rowBytes],
    [from.interactionKeys, to.interactionKeys, from.interactionBytes],
  ] as const
  for (let slot = 0; slot < shape.slots; slot++) {
    words(old.positions + slot * rows, next.positions + slot * apart, rows)
    for (const [pool, grown, bytes] of pools) {
      if (bytes === 0) continue
      encoder.copyBufferToBuffer(pool, slot * rows * bytes, grown, slot * apart * bytes, rows * bytes)
    }
  }
}
