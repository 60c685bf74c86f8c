/** From the times of a tuning run to rules: which kernel for how many rows and columns. Pure. */
import type { WeightDtype } from './matmul.js'
import type { MatmulKernel } from './matmul-kernels.js'
import type { MatmulChoice, MatmulRule } from './tuning.js'

/** A size that was timed; it stands for all sizes up to it. */
export interface SizeClass {
  rows: number
  columns: number
}

export interface Timing extends SizeClass {
  kernel: string
  dtype: WeightDtype
  /** Of one matmul, the least of several. */
  seconds: number
}

/** The sizes of a run, ascending; the last of a side stands for all above it as well. */
export interface SizeClasses {
  rows: readonly number[]
  columns: readonly number[]
}

/** A kernel takes another's place only where it needs less than this share of its time: times are noisy. */
const CLEARLY = 0.95

/**
 * The rules that follow. `kernels`: those found right, the adapter's own first.
 * Free use takes each class's fastest. Steady use must keep to one summation order, whatever the number of rows: it takes
 * the order whose fastest kernel wins at the most rows, where the time goes, and within it each class's fastest.
 */
export function chooseRules(
  kernels: readonly MatmulKernel[],
  timings: readonly Timing[],
  sides: SizeClasses,
): MatmulChoice {
  const most = sides.rows[sides.rows.length - 1]
  const bulk = (kernel: MatmulKernel): number =>
    sum(timings.filter(({ kernel: name, rows }) => name === kernel.name && rows === most))
  const steadyKernels = kernels.filter(({ order }) => order !== 'split')
  const winner = fastest(steadyKernels, bulk)
  return {
    steady: rulesFor(
      steadyKernels.filter(({ order }) => order === winner.order),
      timings,
      sides,
    ),
    free: rulesFor(kernels, timings, sides),
  }
}

function rulesFor(
  kernels: readonly MatmulKernel[],
  timings: readonly Timing[],
  { rows, columns }: SizeClasses,
): MatmulRule[] {
  const last = <T>(values: readonly T[], index: number): boolean => index === values.length - 1
  return columns.flatMap((N, n) =>
    rows.map((M, m) => {
      const here = timings.filter((timing) => timing.rows === M && timing.columns === N)
      const { name } = fastest(kernels, (kernel) =>
        sum(here.filter((timing) => timing.kernel === kernel.name)),
      )
      return {
        ...(last(rows, m) ? {} : { rows: M }),
        ...(last(columns, n) ? {} : { columns: N }),
        kernel: name,
      }
    }),
  )
}

/** The first kernel, or another that is clearly faster; kernels without a time are passed over. */
function fastest(kernels: readonly MatmulKernel[], seconds: (kernel: MatmulKernel) => number): MatmulKernel {
  let best = kernels[0]
  for (const kernel of kernels) {
    const time = seconds(kernel)
    if (time === 0) continue
    const bar = seconds(best) === 0 ? Number.POSITIVE_INFINITY : seconds(best)
    if (time < CLEARLY * bar) best = kernel
  }
  return best
}

function sum(timings: readonly Timing[]): number {
  return timings.reduce((total, { seconds }) => total + seconds, 0)
}
