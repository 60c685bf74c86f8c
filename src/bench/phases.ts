/** The phases of a run, one after the other, each telling how far it is. */
import { Engine } from '../engine/engine.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { RunDevice } from '../run/open-model.js'
import { loadProgress, type OnProgress, type ProgressEvent } from '../run/progress.js'
import { type Cell, cellName } from './cell.js'
import { orderOfRound } from './configurations.js'
import { findLargestBatch, planFit, type Room } from './fit.js'
import { type Bench, followCurves, isOutOfMemory, runCell, splitByStage, warmUp } from './measure.js'
import type { PreparedBench } from './prepare.js'
import type { Schedule } from './schedule.js'

/** Phases whose time the record tells apart. */
export type Phase = 'load' | 'calibrate' | 'warmUp' | 'measure' | 'curve' | 'stages'

export interface PhaseHooks {
  onProgress?: OnProgress
  signal?: AbortSignal
}

interface Work {
  /** The configuration it is about. */
  cell: string
  done: number
  total: number
  round?: number
  rounds?: number
  /** Seconds to the end of the whole run; null while nothing is known. */
  left: number | null
}

/** `round 2 of 5: adaptive 0.8, batch 8, ...`. */
function workProgress(
  task: string,
  { cell, done, total, round, rounds, left }: Work,
  unit = 'configurations',
): ProgressEvent {
  const info = round === undefined ? cell : `round ${round + 1} of ${rounds}: ${cell}`
  return { task, done, total, unit, info, left }
}

/** Loads the weights once for each dtype. One that there is no room for refuses the cells that need it. */
export async function openEngines(
  { config, tensors }: Pick<PreparedBench, 'config' | 'tensors'>,
  { device, lost, adapter, memoryLimit }: RunDevice,
  cells: readonly Cell[],
  engines: Map<WeightDtype, Engine>,
  { onProgress, signal }: PhaseHooks,
): Promise<void> {
  for (const dtype of new Set(cells.map(({ configuration }) => configuration.dtype))) {
    if (engines.has(dtype)) continue
    signal?.throwIfAborted()
    const taken = [...engines.values()].reduce((sum, engine) => sum + engine.ledger().total.bytes, 0)
    try {
      const engine = await Engine.open(config, tensors, {
        device,
        lost,
        adapter,
        dtype,
        memoryLimit: memoryLimit === undefined ? undefined : memoryLimit - taken,
        onLoad: loadProgress(onProgress, `Loading ${dtype} weights`),
      })
      engines.set(dtype, engine)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      for (const cell of cells) if (cell.configuration.dtype === dtype) cell.refused = error.message
    }
  }
}

/** Plans what fits, finds the largest batches that were asked for, and has every kernel compiled. */
export async function fitAndWarmUp(
  bench: Bench,
  cells: readonly Cell[],
  { device, memoryLimit }: Pick<RunDevice, 'device' | 'memoryLimit'>,
  { warm }: { warm: boolean },
  { onProgress }: PhaseHooks,
): Promise<void> {
  const room: Room = { memory: memoryLimit ?? null, binding: device.limits.maxStorageBufferBindingSize }
  for (const [done, cell] of cells.entries()) {
    const engine = bench.engines.get(cell.configuration.dtype)
    if (engine === undefined || cell.refused !== null) continue
    const largest = cell.batch === null
    const work = { cell: cellName(cell), done, total: cells.length, left: null }
    if (largest) {
      onProgress?.(workProgress('Finding the largest batch', work))
      await findLargestBatch(bench, cell, engine, room)
    } else {
      planFit(cell, engine, room, bench.chunk)
      if (!warm) continue
      onProgress?.(workProgress('Warming up', work))
      await warmUp(bench, cell)
      onProgress?.(workProgress('Warming up', { ...work, done: done + 1 }))
    }
  }
}

/**
 * Every cell once a round, or twice where noise is measured, in an order that changes; after the first round the schedule is
 * settled.
 */
export async function measureRounds(
  bench: Bench,
  cells: readonly Cell[],
  schedule: Schedule,
  { delay, twins, onRound }: { delay: number; twins: boolean; onRound: () => Promise<void> },
  { onProgress, signal }: PhaseHooks,
): Promise<void> {
  const count = cells.length
  for (let round = 0; round < schedule.extent.rounds; round++) {
    // A twin's turn is numbered after those of all cells.
    const turns = orderOfRound(round, twins ? 2 * count : count)
    const order = turns.filter((turn) => cells[turn % count].refused === null)
    for (const [done, turn] of order.entries()) {
      signal?.throwIfAborted()
      const i = turn % count
      const { rounds } = schedule.extent
      const left = schedule.left(
        round,
        order.slice(done).map((turn) => turn % count),
      )
      const cell = cellName(cells[i])
      const work = { cell, round, rounds, done, total: order.length, left }
      onProgress?.(workProgress('Measuring', work))
      const began = performance.now()
      await runCell(bench, cells[i], { round, twin: turn >= count }, delay)
      schedule.add(i, (performance.now() - began) / 1000)
      onProgress?.(workProgress('Measuring', { ...work, done: done + 1 }))
    }
    schedule.decide(round + 1)
    await onRound()
  }
}

export async function measureCurves(
  bench: Bench,
  cells: readonly Cell[],
  schedule: Schedule,
  { step }: { step: number },
  { onProgress, signal }: PhaseHooks,
): Promise<void> {
  const most = schedule.curveSeconds()
  const ends = [
    ...(signal === undefined ? [] : [signal]),
    ...(most === null ? [] : [AbortSignal.timeout(wholeMilliseconds(most))]),
  ]
  const wanted = cells.filter(({ configuration }) => configuration.group.curve)
  const sets = new Set(wanted.map(({ configuration }) => configuration.set))
  const whole = schedule.afterRounds() - schedule.afterCurves()
  let finished = 0
  for (const set of sets) {
    const together = wanted.filter(({ configuration }) => configuration.set === set)
    const [first] = together
    const cell = `batch ${first.batch}, ctx ${first.configuration.group.ctx}`
    await followCurves(bench, together, {
      step,
      signal: AbortSignal.any(ends),
      onProgress: (done, total) => {
        const share = (finished + done / total) / sets.size
        const left = (1 - share) * whole + schedule.afterCurves()
        onProgress?.(workProgress('Following the context', { cell, done, total, left }, 'steps'))
      },
    })
    signal?.throwIfAborted()
    finished++
  }
}

/** What timers take: whole, and no more than they count to. */
const wholeMilliseconds = (seconds: number): number =>
  Math.min(2 ** 31 - 1, Math.max(0, Math.round(1000 * seconds)))

export async function measureStages(
  bench: Bench,
  cells: readonly Cell[],
  schedule: Schedule,
  { onProgress, signal }: PhaseHooks,
): Promise<void> {
  const whole = schedule.afterCurves()
  for (const [done, cell] of cells.entries()) {
    if (cell.refused !== null) continue
    signal?.throwIfAborted()
    const tell = (done: number): void => {
      const [total, left] = [cells.length, (1 - done / cells.length) * whole]
      onProgress?.(workProgress('Splitting the cost by stage', { cell: cellName(cell), done, total, left }))
    }
    tell(done)
    await splitByStage(bench, cell)
    tell(done + 1)
  }
}
