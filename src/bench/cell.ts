/** A configuration with what is known of it so far: its rule, whether it fits, what was measured. */
import type { CacheUsage } from '../engine/decode/types.js'
import type { DecodeRule } from '../engine/rules.js'
import { describeLevel } from '../pruning/level.js'
import type { ResultParts } from '../record/bench/build.js'
import type { BenchCalibration, BenchSample } from '../record/bench/schema.js'
import type { Configuration } from './configurations.js'
import type { Curve } from './curve.js'
import type { TestRun } from './run-test.js'
import { type Test, testLength, testName } from './tests.js'

export interface Cell {
  configuration: Configuration
  /** Null until its threshold is found. */
  rule: DecodeRule | null
  calibration: BenchCalibration | null
  /** Null until the largest batch is found. */
  batch: number | null
  /** Bytes by the plan, and what there is of them; null: unknown. */
  needs: number | null
  has: number | null
  /** Why it cannot run on this adapter. */
  refused: string | null
  /** In the order of the group's tests. */
  tests: TestCell[]
  curve: { curve: Curve; interleavedWith: number[] } | null
}

export interface TestCell {
  test: Test
  samples: BenchSample[]
  /** The same once more each round, where noise is measured. */
  twin: BenchSample[]
  cache: ResultParts['cache']
  stages: { seconds: NonNullable<TestRun['stages']>; tokens: number } | null
}

export function createCell(configuration: Configuration): Cell {
  const { batch, group } = configuration
  return {
    configuration,
    rule: null,
    calibration: null,
    batch: batch === 'max' ? null : batch,
    needs: null,
    has: null,
    refused: null,
    tests: group.tests.map((test) => ({
      test,
      samples: [],
      twin: [],
      cache: null,
      stages: null,
    })),
    curve: null,
  }
}

/** `adaptive 0.8, batch 8, f16, ctx 1024`: in progress lines and notes. */
export function cellName({ configuration, batch }: Cell): string {
  const { level, dtype, cache, group } = configuration
  return `${describeLevel(level)}, batch ${batch ?? 'max'}, ${dtype}, ${cache} cache, ctx ${group.ctx}`
}

/** `samples` are the test's own or its twin's. */
export function addSample(cell: TestCell, samples: BenchSample[], round: number, run: TestRun): void {
  const timed = [run.prompt, run.gen].filter((timing) => timing !== null)
  const device = timed.reduce<number | null>(
    (sum, timing) => (sum === null || timing.device === null ? null : sum + timing.device),
    0,
  )
  samples.push({
    round,
    device_s: device,
    host_s: timed.reduce((sum, timing) => sum + timing.host, 0),
    cpu_s: timed.reduce((sum, timing) => sum + timing.cpu, 0),
    first_token_s: run.firstToken,
    rss_bytes: process.memoryUsage.rss(),
  })
  cell.cache = {
    peak_bytes: run.peakAllocated,
    allocated_bytes: run.usage.allocated,
    held_bytes: run.usage.held,
    live_bytes: run.usage.live,
    dropped: droppedShare(run.usage, testLength(cell.test)),
  }
}

/** Share of the `length` tokens of each sequence that no query can see any more, mean over layers and sequences. */
export function droppedShare({ rows }: Pick<CacheUsage, 'rows'>, length: number): number {
  const slots = rows.reduce((sum, layer) => sum + layer.length, 0)
  const live = rows.reduce((sum, layer) => sum + layer.reduce((total, count) => total + count, 0), 0)
  return 1 - live / (slots * length)
}

/** Tokens that pass in one run of each of its tests, for a first guess at how long it takes. */
export function cellWork({ configuration, batch }: Pick<Cell, 'configuration' | 'batch'>): number {
  // A token generated alone costs many times one among a prompt's.
  const GENERATED = 10
  return configuration.group.tests.reduce(
    (sum, { prompt, gen, depth }) => sum + (batch ?? 1) * (prompt + 2 * depth) + GENERATED * gen,
    1,
  )
}

/** Steps of runs that are not compared: to warm up, and enough for a mean of the cost by stage. */
const FEW_STEPS = 16

/** The test as it is run to warm up, and to split its cost. */
export const shortTest = (test: Test): Test => ({ ...test, gen: Math.min(test.gen, FEW_STEPS) })

/** For the record: one result a test. */
export function resultParts({ configuration, refused, tests }: Cell): ResultParts[] {
  return tests.map(({ test, samples, twin, cache, stages }) => ({
    configuration: configuration.id,
    test: testName(test),
    ...test,
    samples,
    twin,
    refused,
    cache,
    stages: stages?.seconds ?? null,
    stage_tokens: stages?.tokens ?? null,
  }))
}
