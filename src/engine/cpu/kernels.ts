/** Kernels of the processor: a spec becomes a number in the module and a list of constants. */
import type { Binding, ComputePass, Grid, KernelSpec, Kernels } from '../compute/device.js'
import { floatBits } from '../kernels/struct.js'
import { kernelRow } from '../kernels/table.js'
import type { CpuBindGroup, CpuPipeline } from './commands.js'
import type { MemoryRange } from './program.js'

export class CpuKernels implements Kernels {
  readonly #numbers: ReadonlyMap<string, number>
  readonly #rangeOf: (binding: Binding) => MemoryRange

  /**
   * @param numbers of the module's kernels, by exported name
   * @param rangeOf where a binding lies
   */
  constructor(numbers: ReadonlyMap<string, number>, rangeOf: (binding: Binding) => MemoryRange) {
    this.#numbers = numbers
    this.#rangeOf = rangeOf
  }

  async prepare(specs: readonly KernelSpec[]): Promise<void> {
    for (const spec of specs) this.#pipeline(spec)
  }

  dispatch(pass: ComputePass, spec: KernelSpec, bindings: readonly Binding[], grid: Grid): void {
    const [x, y = 1, z = 1] = grid
    if (x === 0 || y === 0 || z === 0) return
    const group: CpuBindGroup = { bindings: bindings.map(this.#rangeOf) }
    pass.setPipeline(this.#pipeline(spec))
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(x, y, z)
  }

  #pipeline(spec: KernelSpec): CpuPipeline {
    const kernel = this.#numbers.get(exportedName(spec.kernel))
    if (kernel === undefined) throw new RangeError(`cpu: no kernel ${spec.kernel}`)
    return { kernel, constants: constantWords(spec) }
  }
}

/** `target-logit` -> `targetLogit`, as AssemblyScript has it. */
export function exportedName(kernel: string): string {
  return kernel.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** One word a variant, the index of its value in the row (of the first where it is left out); then one a constant, 0 likewise. */
function constantWords({ kernel, variant = {}, constants }: KernelSpec): number[] {
  const row = kernelRow(kernel)
  const chosen = Object.entries(row.variants ?? {}).map(([name, values]) => {
    const value = variant[name] ?? values[0]
    if (!values.includes(value)) throw new RangeError(`${kernel}: no such ${name}, got ${value}`)
    return values.indexOf(value)
  })
  const words = Object.entries(row.constants).map(([name, type]) => {
    const value = constants[name] ?? 0
    return type === 'f32' ? floatBits(value) : value
  })
  return [...chosen, ...words]
}
