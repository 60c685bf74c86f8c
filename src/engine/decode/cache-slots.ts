/**
 * The structure of the paper's implementation (docs/method.md, Slot cache), for comparison: as many slots for every place, one
 * after another, common to keys, values and interaction keys. A row goes into the first free slot; every place is read up to
 * the same padded length; below a load of 0.9 what lies after the first hole is compacted.
 *
 * It is kinder than the original, which reads back from the device two times or more in every layer of every token: here
 * the device finds slots, measures the load and compacts by itself, in place, and moves only rows that have to move.
 */
import type { CommandEncoder, ComputePass, KernelSpec } from '../compute/device.js'
import type { CacheScheme, LayerView, SpanList } from './cache-scheme.js'
import { type CacheShape, maxPages, PAGE, slotPagesNeeded, slotPagesWanted, stateOffsets } from './layout.js'

/** The modes of cache-slots.wgsl. */
const MODES = { occupy: 0, settle: 1, advance: 2, release: 3 } as const

export const SLOTS: CacheScheme = {
  common: true,
  next: 'free',
  needed: slotPagesNeeded,
  wanted: slotPagesWanted,
  emptyState,
  // Every place's rows are the padded length.
  rowsHeld: (status) => status.subarray(0, (status.length - 1) / 2).reduce((sum, rows) => sum + rows, 0),
  reserve: () => {},
  occupy: (pass, view, step) => slots(pass, view, step, 'occupy'),
  settle: (pass, view, step) => {
    slots(pass, view, step, view.prunes ? 'settle' : 'advance')
    if (view.prunes) compact(pass, view)
  },
  release: (pass, view, ended) => slots(pass, view, ended, 'release'),
  move,
}

const NEVER = 0xffffffff

function emptyState(shape: CacheShape, pages: number): Uint32Array<ArrayBuffer> {
  const { table, positions, free, words } = stateOffsets(shape, pages)
  const state = new Uint32Array(words)
  const each = pages / shape.places
  for (let place = 0; place < shape.places; place++) {
    for (let i = 0; i < each; i++) state[table + place * maxPages(shape) + i] = place * each + i
  }
  return state.fill(NEVER, positions, free)
}

function slots(pass: ComputePass, view: LayerView, step: SpanList, mode: keyof typeof MODES): void {
  const { context, state, status, uniform } = view
  const spec: KernelSpec = {
    kernel: 'cache-slots',
    constants: { MODE: MODES[mode], WORKGROUP: context.tuning.lanes },
  }
  context.kernels.dispatch(pass, spec, [state, step.spans, status, uniform, step.spansUniform], [1])
}

function compact(pass: ComputePass, view: LayerView): void {
  const { context, shape, keys, values, interactionKeys, state, uniform } = view
  const spec: KernelSpec = {
    kernel: 'cache-compact',
    constants: {
      KV4: view.rowBytes / 16,
      R4: view.interactionBytes / 16,
      WORKGROUP: context.tuning.lanes,
    },
  }
  context.kernels.dispatch(pass, spec, [keys, values, interactionKeys, state, uniform], [shape.places])
}

/** Each place's slots to where they start now; the page table is that of the new buffers. */
function move(encoder: CommandEncoder, from: LayerView, to: LayerView): void {
  const { shape } = from
  const rows = (from.pages / shape.places) * PAGE
  const apart = (to.pages / shape.places) * PAGE
  const old = stateOffsets(shape, from.pages)
  const next = stateOffsets(shape, to.pages)
  const words = (at: number, to_: number, count: number): void =>
    encoder.copyBufferToBuffer(from.state, 4 * at, to.state, 4 * to_, 4 * count)
  words(0, 0, shape.places)
  words(old.alive, next.alive, old.positions - old.alive)
  words(old.free, next.free, 2)
  const pools = [
    [from.keys, to.keys, from.rowBytes],
    [from.values, to.values, from.rowBytes],
    [from.interactionKeys, to.interactionKeys, from.interactionBytes],
  ] as const
  for (let place = 0; place < shape.places; place++) {
    words(old.positions + place * rows, next.positions + place * apart, rows)
    for (const [pool, grown, bytes] of pools) {
      if (bytes === 0) continue
      encoder.copyBufferToBuffer(pool, place * rows * bytes, grown, place * apart * bytes, rows * bytes)
    }
  }
}
