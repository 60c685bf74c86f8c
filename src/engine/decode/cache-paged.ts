/**
 * Rows in pages that any sequence may hold, given back when rows die or sequences end (docs/method.md, Paged cache). Live
 * rows are packed after every step; or stay where they are with those that died, for a cache that only masks.
 */
import type { CommandEncoder, ComputePass, KernelSpec } from '../compute/device.js'
import type { CacheScheme, LayerView, SpanList, StepSpans } from './cache-scheme.js'
import { type CacheShape, maxPages, PAGE, pagesNeeded, pagesWanted, stateOffsets } from './layout.js'

/** The modes of cache-pages.wgsl. */
const MODES = { reserve: 0, compact: 1, advance: 2, release: 3 } as const

/** `evict`: rows that die leave; else they stay until their sequence ends. */
export function pagedScheme(evict: boolean): CacheScheme {
  const pages = (pass: ComputePass, view: LayerView, step: SpanList, mode: keyof typeof MODES): void => {
    const { context, state, status, uniform, prunes } = view
    const spec: KernelSpec = {
      kernel: 'cache-pages',
      constants: {
        MODE: MODES[mode],
        MASKED: Number(prunes && !evict),
        WORKGROUP: context.tuning.lanes,
      },
    }
    context.kernels.dispatch(pass, spec, [state, step.spans, status, uniform, step.spansUniform], [1])
  }
  return {
    padded: false,
    next: 'packed',
    needed: pagesNeeded,
    wanted: pagesWanted,
    emptyState,
    rowsHeld: ({ free }, held) => (held - free) * PAGE,
    reserve: (pass, view, step) => pages(pass, view, step, 'reserve'),
    occupy: () => {},
    compact: (pass, view, step) => {
      if (evict && view.prunes) pack(pass, view, step)
      pages(pass, view, step, evict && view.prunes ? 'compact' : 'advance')
    },
    release: (pass, view, ended) => pages(pass, view, ended, 'release'),
    move,
  }
}

function emptyState(shape: CacheShape, pages: number): Uint32Array<ArrayBuffer> {
  const { free, words } = stateOffsets(shape, pages)
  const state = new Uint32Array(words)
  state[free] = pages
  for (let page = 0; page < pages; page++) state[free + 1 + page] = page
  return state
}

function pack(pass: ComputePass, view: LayerView, { spans, spanCount }: StepSpans): void {
  const { context, shape, keys, values, interactionKeys, state, uniform } = view
  const spec: KernelSpec = {
    kernel: 'cache-evict',
    constants: {
      KV4: view.rowBytes / 16,
      R4: view.interactionBytes / 16,
      MOVES: Math.floor(shape.nPositions / 2) + 1,
      PAGES: maxPages(shape),
      WORKGROUP: context.tuning.lanes,
    },
  }
  context.kernels.dispatch(pass, spec, [keys, values, interactionKeys, state, spans, uniform], [spanCount])
}

function move(encoder: CommandEncoder, from: LayerView, to: LayerView): void {
  const { context, shape } = from
  const { kernels, tuning } = context
  const pass = encoder.beginComputePass()
  const pools = [
    [from.keys, to.keys, from.rowBytes],
    [from.values, to.values, from.rowBytes],
    [from.interactionKeys, to.interactionKeys, from.interactionBytes],
  ] as const
  for (const [old, pool, bytes] of pools) {
    const repack: KernelSpec = {
      kernel: 'cache-repack',
      constants: { ROW4: bytes / 16, WORKGROUP: tuning.lanes },
    }
    const grid = [bytes === 0 ? 0 : maxPages(shape), shape.slots] as const
    kernels.dispatch(pass, repack, [old, pool, from.state, from.uniform], grid)
  }
  const relist: KernelSpec = {
    kernel: 'cache-relist',
    constants: { WORKGROUP: tuning.lanes },
  }
  kernels.dispatch(pass, relist, [from.state, to.state, from.uniform, to.uniform], [1])
  pass.end()
}
