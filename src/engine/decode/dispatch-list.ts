/**
 * A step's dispatches, recorded once and played into as many passes as there are steps: WebGPU has no command buffer
 * that can be submitted twice, but pipelines and bind groups, which are what recording costs, can be used again.
 */
import type {
  BindGroup,
  CommandEncoder,
  ComputeDevice,
  ComputePass,
  DeviceBuffer,
  Pipeline,
  QuerySet,
} from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import type { Region } from '../compute/read.js'
import { STAGES, type Stage } from './types.js'

interface Item {
  stage: Stage
  pipeline: Pipeline
  bindGroup: BindGroup
  grid: [number, number, number]
}

export class DispatchList implements ComputePass {
  /** What the dispatches from here on are counted as. */
  stage: Stage = 'head'
  readonly items: Item[] = []
  #pipeline: Pipeline | null = null
  #bindGroup: BindGroup | null = null

  setPipeline(pipeline: Pipeline): void {
    this.#pipeline = pipeline
  }

  setBindGroup(_index: number, bindGroup: BindGroup): void {
    this.#bindGroup = bindGroup
  }

  dispatchWorkgroups(x: number, y: number, z: number): void {
    if (this.#pipeline === null || this.#bindGroup === null)
      throw new RangeError('dispatch: nothing is bound')
    this.items.push({
      stage: this.stage,
      pipeline: this.#pipeline,
      bindGroup: this.#bindGroup,
      grid: [x, y, z],
    })
  }
}

/** Device time of what was played. */
export interface Times {
  seconds: number
  /** Null unless every run of one stage had a pass of its own. */
  stages: Record<Stage, number> | null
}

/** Read with the regions that `regions` names. */
export interface StageClock {
  regions: Region[]
  /** Takes the bytes of `regions`. */
  seconds(bytes: readonly ArrayBuffer[]): Times
  /** Frees what the clock was made of. */
  free(): void
}

/** Time stamps one query set may hold. */
const MOST_STAMPS = 4096

/**
 * Plays the lists in order: in one pass, or, with `profile`, in one for every run of one stage, so that their times are
 * known apart. Null where the adapter has no clock.
 */
export function play(
  encoder: CommandEncoder,
  lists: readonly DispatchList[],
  { device, memory, profile }: { device: ComputeDevice; memory: Memory; profile: boolean },
): StageClock | null {
  const items = lists.flatMap((list) => list.items)
  const runs = profile ? runsOf(items) : [items]
  const timed = device.features.has('timestamp-query') && items.length > 0
  const sets: { querySet: QuerySet; count: number; resolved: DeviceBuffer }[] = []
  runs.forEach((run, index) => {
    const first = (2 * index) % MOST_STAMPS
    if (timed && first === 0) {
      const count = Math.min(2 * (runs.length - index), MOST_STAMPS)
      const querySet = device.createQuerySet({ type: 'timestamp', count })
      sets.push({ querySet, count, resolved: memory.queries('timestamps', 8 * count) })
    }
    const set = sets.at(-1)
    const timestampWrites =
      set === undefined
        ? undefined
        : { querySet: set.querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 }
    const pass = encoder.beginComputePass({ timestampWrites })
    for (const { pipeline, bindGroup, grid } of run) {
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindGroup)
      pass.dispatchWorkgroups(...grid)
    }
    pass.end()
  })
  if (sets.length === 0) return null
  for (const { querySet, count, resolved } of sets) encoder.resolveQuerySet(querySet, 0, count, resolved, 0)
  return {
    regions: sets.map(({ resolved, count }) => ({ buffer: resolved, size: 8 * count })),
    seconds: (bytes) => {
      const stages = runs.map((run) => run[0].stage)
      const times = total(
        stages,
        bytes.flatMap((part) => [...new BigInt64Array(part)]),
      )
      return profile ? times : { ...times, stages: null }
    },
    free: () => {
      for (const { querySet, resolved } of sets) {
        memory.free(resolved)
        querySet.destroy()
      }
    },
  }
}

function runsOf(items: readonly Item[]): Item[][] {
  const runs: Item[][] = []
  for (const item of items) {
    const run = runs.at(-1)
    if (run !== undefined && run[0].stage === item.stage) run.push(item)
    else runs.push([item])
  }
  return runs
}

/** `stamps`: begin and end of each run, nanoseconds. */
function total(
  stages: readonly Stage[],
  stamps: readonly bigint[],
): { seconds: number; stages: Record<Stage, number> } {
  const byStage = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>
  let seconds = 0
  stages.forEach((stage, run) => {
    // A clock that was set back in between says nothing.
    const time = Math.max(0, Number(stamps[2 * run + 1] - stamps[2 * run]) / 1e9)
    byStage[stage] += time
    seconds += time
  })
  return { seconds, stages: byStage }
}
