/**
 * The tuning run: every matmul kernel that an adapter may run is compiled, checked against the plainest one, and timed on
 * the sizes that matter; what does not compile, computes something else or is slower is left out. The result is plain
 * JSON that a caller may keep: it holds for this adapter, this driver and these kernels (`kernelSetHash`).
 */

import { createHash } from 'node:crypto'
import type { ComputeDevice } from './compute/device.js'
import { ShaderFiles } from './gpu/shader.js'
import { candidates, type WeightDtype } from './matmul.js'
import { MATMUL_KERNELS, type MatmulKernel } from './matmul-kernels.js'
import { chooseRules, type SizeClass, type Timing } from './tuner-choice.js'
import { Probe, type ProbeSizes } from './tuner-probe.js'
import type { AdapterTraits, MatmulChoice } from './tuning.js'

/** What a tuning run has found. */
export interface TuningChoice {
  version: typeof VERSION
  matmul: Record<WeightDtype, MatmulChoice>
  /** What the choice rests on: seconds of one matmul. */
  timings: Timing[]
  /** Kernels that were left out, and why. */
  refused: Refusal[]
  /** How long it took. */
  seconds: number
}

export interface Refusal {
  kernel: string
  dtype: WeightDtype
  reason: string
}

export interface TuneOptions {
  dtypes?: readonly WeightDtype[]
  sizes?: ProbeSizes
  /** Only kernels of these names, and the adapter's own. */
  only?: readonly string[]
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

const VERSION = 1

/** Sizes of GPT-2 small on hardware; software adapters take as long for the tiny model's. */
const SIZES: Record<'hardware' | 'software', ProbeSizes> = {
  hardware: { K: 768, columns: [768, 3072], rows: [1, 4, 8, 16, 32, 64, 512], seconds: 0.0005 },
  software: { K: 192, columns: [192, 768], rows: [1, 4, 8, 16, 32, 64], seconds: 0.001 },
}

/** Finds the fastest right kernels of this adapter. */
export async function tune(
  device: ComputeDevice,
  adapter: AdapterTraits,
  { dtypes = ['f32', 'f16'], sizes, only, signal, onProgress }: TuneOptions = {},
): Promise<TuningChoice> {
  const start = performance.now()
  const probeSizes = sizes ?? SIZES[adapter.kind === 'hardware' ? 'hardware' : 'software']
  const matmul: TuningChoice['matmul'] = { f32: { steady: [], free: [] }, f16: { steady: [], free: [] } }
  const timings: Timing[] = []
  const refused: Refusal[] = []
  const classes = classesOf(probeSizes)
  let done = 0
  for (const dtype of dtypes) {
    const kernels = candidates(adapter, dtype).filter(
      ({ name }, i) => i === 0 || (only ?? [name]).includes(name),
    )
    const probe = new Probe(device, adapter, dtype, probeSizes)
    try {
      const right: MatmulKernel[] = []
      for (const [kernel, reason] of await probe.check(kernels)) {
        if (reason === null) right.push(kernel)
        else refused.push({ kernel: kernel.name, dtype, reason })
      }
      const found: Timing[] = []
      for (const size of classes) {
        signal?.throwIfAborted()
        found.push(...(await probe.time(right, size)))
        done += 1
        onProgress?.(done, dtypes.length * classes.length)
      }
      matmul[dtype] = chooseRules(right, found, probeSizes)
      timings.push(...found)
    } finally {
      probe.close()
    }
  }
  return { version: VERSION, matmul, timings, refused, seconds: (performance.now() - start) / 1000 }
}

/** Changes with every change of a matmul kernel or of the table of them. */
export function kernelSetHash(): string {
  const files = new ShaderFiles()
  const table = MATMUL_KERNELS.map((kernel) => [kernel, kernel.rows.map(kernel.constants)])
  const hash = createHash('sha256').update(JSON.stringify([VERSION, SIZES, table]))
  for (const { kernel, variant } of MATMUL_KERNELS) {
    for (const dtype of ['f32', 'f16'])
      hash.update(files.read({ kernel, variant: { ...variant, dtype } }).code)
  }
  return hash.digest('hex')
}

/** A choice read back from where it was kept, or null where that is none. */
export function parseChoice(value: unknown): TuningChoice | null {
  const { version, matmul } = (value ?? {}) as Partial<TuningChoice>
  if (version !== VERSION || typeof matmul !== 'object' || matmul === null) return null
  const names = new Set(MATMUL_KERNELS.map(({ name }) => name))
  const whole = (['f32', 'f16'] as const).every((dtype) =>
    (['steady', 'free'] as const).every((use) => {
      const rules: unknown = matmul[dtype]?.[use]
      return (
        Array.isArray(rules) &&
        rules.every((rule) => names.has(rule?.kernel) && isSide(rule.rows) && isSide(rule.columns))
      )
    }),
  )
  return whole ? (value as TuningChoice) : null
}

/** A side without a limit is left out. */
const isSide = (side: unknown): boolean => side === undefined || (typeof side === 'number' && side > 0)

function classesOf({ rows, columns }: ProbeSizes): SizeClass[] {
  return columns.flatMap((N) => rows.map((M) => ({ rows: M, columns: N })))
}
