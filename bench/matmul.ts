/** How fast the matmul kernels of an adapter are, beside the fastest multiply-adds a shader gets from it. */
import type { ComputeDevice, DeviceBuffer, KernelSpec, Kernels } from '../src/engine/compute/device.js'
import { kernelsOf } from '../src/engine/compute/kernel.js'
import { Memory } from '../src/engine/compute/memory.js'
import { peakWork } from '../src/engine/compute/peak.js'
import { f32ToF16 } from '../src/engine/half.js'
import { chooseMatmul, type MatmulVariant, type WeightDtype } from '../src/engine/matmul.js'
import type { AdapterTraits } from '../src/engine/tuning.js'
import type { Rival } from './rival.js'

export type Shape = readonly [M: number, K: number, N: number]

/** Rates in GFLOP/s, a multiply-add being two operations. */
export interface Rate {
  best: number
  median: number
}

export interface MatmulRow extends Rate {
  /** The kernel, or the library of a rival. */
  kernel: string
  M: number
  K: number
  N: number
  /** Share of the multiply-add peak that the best run reached. */
  ofPeak: number
  /** GB/s at which the best run read the weights. */
  weightRate: number
  /** Best rate over that of the same matmul by the kernel for many rows; null where it is the kernel for many rows. */
  gain: number | null
  /** Median over the rival's; null without one. */
  overRival: number | null
}

export interface MatmulBench {
  /** Multiply-adds in registers. */
  peak: Rate
  rows: MatmulRow[]
}

export interface MatmulBenchOptions {
  device: ComputeDevice
  adapter: AdapterTraits
  shapes?: readonly Shape[]
  repetitions?: number
  /** Times the same products in turns with asp's. */
  rival?: Rival
  onRow?: (row: MatmulRow) => void
}

/** GPT-2's expansion at the batch the speed target is set at, then the bundled checkpoint's, then a decoding step's. */
export const SHAPES: readonly Shape[] = [
  [528, 768, 3072],
  [1024, 192, 576],
  [1024, 192, 192],
  [1024, 192, 768],
  [1024, 768, 192],
  [1024, 192, 8192],
  ...fewRows(
    [1, 2, 4, 8, 16],
    [
      [192, 768],
      [768, 192],
      [768, 768],
      [768, 3072],
    ],
  ),
]

function fewRows(rows: readonly number[], sides: readonly (readonly [K: number, N: number])[]): Shape[] {
  return sides.flatMap(([K, N]) => rows.map((M) => [M, K, N] as const))
}

interface Work {
  flops: number
  /** Seconds, where the work has a clock of its own. */
  run: () => Promise<number | undefined>
  variant?: MatmulVariant
  /** Whether few rows are multiplied by the kernel for many. */
  many?: boolean
}

/** Times every shape with f32 and f16 weights; the two take turns, so that a busy machine slows both alike. */
export async function benchMatmul({
  device,
  adapter,
  shapes = SHAPES,
  repetitions = 7,
  rival,
  onRow,
}: MatmulBenchOptions): Promise<MatmulBench> {
  const memory = new Memory(device)
  const kernels = kernelsOf(device)
  try {
    const work = await peakWork(device, adapter)
    const [peak] = await rates([{ flops: work.flops, run: async () => void (await work.run()) }], repetitions)
    work.free()
    const rows: MatmulRow[] = []
    for (const shape of shapes) {
      const variants = (['f32', 'f16'] as const).map((dtype) => chooseMatmul(adapter, dtype))
      const works: Work[] = []
      for (const variant of variants) {
        works.push(...(await matmulWorks(device, memory, kernels, variant, shape)))
      }
      const own = works.length
      if (rival !== undefined) works.push(rivalWork(rival, shape))
      const measured = await rates(works, repetitions)
      const [M, K, N] = shape
      for (const [i, { variant, many }] of works.entries()) {
        if (variant === undefined || many) continue
        const rate = measured[i]
        const bytes = variant.dtype === 'f16' ? 2 : 4
        const other = works.findIndex((work) => work.variant === variant && work.many)
        const row = {
          kernel: variant.name,
          M,
          K,
          N,
          ...rate,
          ofPeak: rate.best / peak.best,
          weightRate: (rate.best / (2 * M)) * bytes,
          gain: other === -1 ? null : rate.best / measured[other].best,
          overRival: rival === undefined ? null : rate.median / measured[own].median,
        }
        rows.push(row)
        onRow?.(row)
      }
      memory.freeAll()
    }
    return { peak, rows }
  } finally {
    memory.freeAll()
  }
}

/** One untimed run each, since drivers compile on first use; then `repetitions` runs in turns. */
async function rates(works: readonly Work[], repetitions: number): Promise<Rate[]> {
  for (const { run } of works) await run()
  const samples = works.map((): number[] => [])
  for (let r = 0; r < repetitions; r++) {
    for (const [i, { flops, run }] of works.entries()) {
      const start = performance.now()
      const seconds = (await run()) ?? (performance.now() - start) / 1000
      samples[i].push(flops / seconds / 1e9)
    }
  }
  return samples.map((rate) => ({ best: Math.max(...rate), median: median(rate) }))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** The matmul as a decoding step does it and, where that is another kernel, as a long prompt's would be done. */
async function matmulWorks(
  device: ComputeDevice,
  memory: Memory,
  kernels: Kernels,
  variant: MatmulVariant,
  [M, K, N]: Shape,
): Promise<Work[]> {
  const columns = variant.columns(N)
  const weights = variant.pack(K, N, stored(variant.dtype, noise(K * N)))
  const uniform = memory.uniform('shape', 16)
  memory.write(uniform, Uint32Array.of(M))
  const bindings = [
    memory.upload('activations', 'a', noise(M * K)),
    memory.upload('weights', 'weights', weights),
    memory.upload('weights', 'bias', noise(columns)),
    memory.storage('activations', 'out', M * columns * 4),
    uniform,
  ]
  const { spec, grid } = variant.plan(M, K, N, { anyOrder: M <= FEW })
  const full = variant.plan(MANY, K, N)
  const manyGrid = [full.grid[0], Math.ceil((M * full.grid[1]) / MANY)] as const
  await kernels.prepare([spec, full.spec])
  // Enough in one submission that handing it over does not count.
  const times = Math.ceil(Math.min(512, LEAST_FLOPS / (2 * M * K * N)))
  const flops = 2 * M * K * N * times
  const few: Work = { flops, variant, run: () => submit(device, kernels, spec, bindings, grid, times) }
  if (M > FEW || JSON.stringify(spec) === JSON.stringify(full.spec)) return [few]
  const run = () => submit(device, kernels, full.spec, bindings, manyGrid, times)
  return [few, { flops, variant, many: true, run }]
}

function rivalWork(rival: Rival, [M, K, N]: Shape): Work {
  const times = Math.ceil(Math.min(512, LEAST_FLOPS / (2 * M * K * N)))
  return { flops: 2 * M * K * N * times, run: () => rival.time({ M, K, N, times }) }
}

/** Rows that count as few, and a number of rows that is many whole tiles of any kernel. */
const FEW = 16
const MANY = 4096
const LEAST_FLOPS = 1e9

async function submit(
  device: ComputeDevice,
  kernels: Kernels,
  spec: KernelSpec,
  bindings: readonly DeviceBuffer[],
  grid: readonly [number, number?],
  times = 1,
): Promise<undefined> {
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  for (let i = 0; i < times; i++) kernels.dispatch(pass, spec, bindings, grid)
  pass.end()
  device.queue.submit([encoder.finish()])
  await device.queue.onSubmittedWorkDone()
  return undefined
}

function stored(dtype: WeightDtype, values: Float32Array): Float32Array | Uint16Array {
  return dtype === 'f16' ? Uint16Array.from(values, f32ToF16) : values
}

/** Numbers that are no zeros and no denormals; speed does not depend on which. */
function noise(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.4995)
}
