/**
 * The alpha-sigmoid as kernels compute it. Shaders share one function, which a shader of the tests evaluates. The
 * twins for processors solve for it in scoring and take it from a table in training: there it is read off the masks of
 * sequences of two tokens, whose one factor it is.
 */

import type { OpenDevice } from '../../src/device/open.js'
import { packBatch } from '../../src/engine/batch.js'
import { LAYER, MASK_LAYER } from '../../src/engine/kernels/structs.js'
import type { KernelName } from '../../src/engine/kernels/table.js'
import { KernelBench } from '../gpu.js'
import type { Point, Value } from './alpha-sigmoid-points.js'
import { testKernels, testSpec } from './test-kernels.js'

/** A way to compute it: the values at the points; rho is null where a mask does not give it. */
export interface Form {
  name: string
  run(points: readonly Point[]): Promise<(Omit<Value, 'rho'> & { rho: number | null })[]>
  /** Frees the buffers of what has been run. */
  clear(): void
}

/** Interaction width. */
const R = 4
/** WORKGROUP of the soft masks. */
const KEYS = 64
/** Kernels take smaller floats for 0. */
const SMALLEST = 2 ** -126

export function formsOf(open: OpenDevice): Form[] {
  if (open.adapter.kind === 'cpu')
    return [form(open, 'in scoring', inScoring), form(open, 'in training', inTraining)]
  return [shader(open)]
}

function shader(open: OpenDevice): Form {
  const bench = new KernelBench(open, testKernels(open.device as unknown as GPUDevice))
  return {
    name: 'the shader',
    async run(points) {
      const values = bench.filled(4 * points.length)
      const spec = testSpec('alpha-sigmoid-values')
      const bindings = [bench.upload(Float32Array.from(points.flatMap(({ x, alpha }) => [x, alpha]))), values]
      const dispatch = { spec, bindings, grid: [Math.ceil(points.length / 8)] as const }
      const got = new Float32Array(await bench.run([dispatch], values, 4 * points.length))
      return points.map((_, i) => {
        const [p, q, logP, rho] = got.subarray(4 * i, 4 * i + 4)
        return { p, q, logP, rho }
      })
    },
    clear: () => bench.clear(),
  }
}

/** log p at each x, and rho where it is known. */
type OneAlpha = (
  bench: KernelBench,
  alpha: number,
  xs: readonly number[],
) => Promise<{ logs: ArrayLike<number>; rhos: ArrayLike<number> | null }>

function form(open: OpenDevice, name: string, compute: OneAlpha): Form {
  const bench = new KernelBench(open)
  return {
    name,
    async run(points) {
      const found = new Map<Point, Awaited<ReturnType<Form['run']>>[number]>()
      for (const alpha of new Set(points.map((point) => point.alpha))) {
        const own = points.filter((point) => point.alpha === alpha)
        const { logs, rhos } = await compute(
          bench,
          alpha,
          own.map(({ x }) => x),
        )
        for (const [i, point] of own.entries()) {
          const logP = logs[i]
          const p = Math.exp(logP) >= SMALLEST ? Math.exp(logP) : 0
          found.set(point, { p, q: -Math.expm1(logP), logP, rho: rhos?.[i] ?? null })
        }
      }
      return points.map((point) => found.get(point) ?? fail(point))
    },
    clear: () => bench.clear(),
  }
}

function fail({ alpha, x }: Point): never {
  throw new Error(`nothing found at alpha ${alpha}, x ${x}`)
}

/** Interaction queries and keys of sequences of two tokens, the second of which scores the first at x: 2 x / sqrt(4). */
function scoresOf(xs: readonly number[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    xs.flatMap((x) => [...[0, 0, 0, 0], ...[1, 0, 0, 0], ...[2 * x, 0, 0, 0], ...[0, 0, 0, 0]]),
  )
}

const inScoring: OneAlpha = async (bench, alpha, xs) => {
  const pair = { tokens: new Uint32Array(2), trunk: null }
  const batch = packBatch(new Array(xs.length).fill(pair), [], { queries: 8, keys: KEYS })
  const masks = bench.filled(batch.pairs)
  const dispatch = {
    spec: { kernel: 'soft-mask' as KernelName, constants: { WORKGROUP: KEYS, PROPAGATE: 0 } },
    bindings: [
      ...[scoresOf(xs), batch.table, batch.trunkTiles].map((data) => bench.upload(data)),
      masks,
      bench.filled(batch.keys),
      bench.uniform(
        LAYER.pack({
          keys: batch.keys,
          layer: 0,
          betaShift: 0,
          alpha,
          r4: R / 4,
          scale: 0.125,
          headKeys: 0,
          headLists: 0,
        }),
      ),
    ],
    grid: [batch.trunkTiles.length / 2] as const,
  }
  const got = new Float32Array(await bench.run([dispatch], masks, batch.pairs))
  const each = batch.pairs / xs.length
  return { logs: xs.map((_, i) => got[i * each + each / 2]), rhos: null }
}

const inTraining: OneAlpha = async (bench, alpha, xs) => {
  const [B, T] = [xs.length, 2]
  const [masks, rhos, keeps] = [B * T * T, B * T * T, B * T].map((count) => bench.filled(count))
  const dispatch = {
    spec: { kernel: 'soft-mask-train' as KernelName, constants: { WORKGROUP: KEYS } },
    bindings: [
      ...[scoresOf(xs), new Float32Array(4), new Float32Array(B)].map((data) => bench.upload(data)),
      ...[masks, rhos, keeps],
      bench.uniform(MASK_LAYER.pack({ T, r4: R / 4, layer: 0, alpha })),
    ],
    grid: [1, B] as const,
  }
  const [logs, slopes] = [
    await bench.run([dispatch], masks, B * T * T),
    await bench.run([], rhos, B * T * T),
  ].map((bytes) => new Float32Array(bytes).filter((_, i) => i % (T * T) === T))
  return { logs, rhos: slopes }
}
