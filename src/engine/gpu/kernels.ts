import type { Binding, CompileHooks, ComputePass, Grid, KernelSpec, Kernels } from '../compute/device.js'
import { labelOf, type Shader, ShaderFiles, type ShaderName } from './shader.js'

const KNOWN = new WeakMap<GPUDevice, GpuKernels>()

/** The kernels of a device: what one engine had compiled serves the next. */
export function gpuKernels(device: GPUDevice): Kernels {
  const known = KNOWN.get(device) ?? new GpuKernels(device)
  KNOWN.set(device, known)
  return known
}

interface Module {
  shader: Shader
  module: GPUShaderModule
}

/** Compiles kernels once per (kernel, variant, constants) and dispatches them with their bindings in order. */
export class GpuKernels implements Kernels {
  readonly #device: GPUDevice
  readonly #files: ShaderFiles
  readonly #modules = new Map<string, Module>()
  readonly #pipelines = new Map<string, GPUComputePipeline>()
  /** Of a recording that is for compiling alone. */
  #collecting: Map<string, KernelSpec> | null = null

  constructor(device: GPUDevice, files = new ShaderFiles()) {
    this.#device = device
    this.#files = files
  }

  get compiled(): number {
    return this.#pipelines.size
  }

  /** Compiles ahead of use, so that a broken shader fails here with file, line and column. */
  async prepare(specs: readonly KernelSpec[]): Promise<void> {
    for (const spec of specs) {
      const key = keyOf(spec)
      if (this.#pipelines.has(key)) continue
      const module = await this.#checkedModule(spec)
      const pipeline = await this.#device.createComputePipelineAsync(descriptor(spec, module))
      this.#pipelines.set(key, pipeline)
    }
  }

  /** Drivers take up to a minute for one kernel, and one that is compiled when it is first dispatched holds up everything. */
  async precompile(record: () => Promise<unknown>, { signal, onCompiled }: CompileHooks): Promise<void> {
    const wanted = new Map<string, KernelSpec>()
    this.#collecting = wanted
    try {
      await record()
    } finally {
      this.#collecting = null
    }
    const missing = [...wanted].filter(([key]) => !this.#pipelines.has(key)).map(([, spec]) => spec)
    const aborted = abortion(signal)
    for (const [i, spec] of missing.entries()) {
      onCompiled?.(i, missing.length)
      await Promise.race([this.prepare([spec]), aborted])
    }
    if (missing.length > 0) onCompiled?.(missing.length, missing.length)
  }

  /** Adds one dispatch to `pass`; bindings 0, 1, ... of group 0 in the order given. */
  dispatch(pass: ComputePass, spec: KernelSpec, bindings: readonly Binding[], grid: Grid): void {
    const [x, y = 1, z = 1] = grid
    if (x === 0 || y === 0 || z === 0) return
    if (this.#collecting !== null) {
      this.#collecting.set(keyOf(spec), spec)
      return
    }
    const pipeline = this.#pipeline(spec)
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, this.#bindGroup(pipeline, spec, bindings))
    pass.dispatchWorkgroups(x, y, z)
  }

  #pipeline(spec: KernelSpec): GPUComputePipeline {
    const key = keyOf(spec)
    let pipeline = this.#pipelines.get(key)
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipeline(descriptor(spec, this.#module(spec).module))
      this.#pipelines.set(key, pipeline)
    }
    return pipeline
  }

  #bindGroup(pipeline: GPUComputePipeline, spec: KernelSpec, bindings: readonly Binding[]): GPUBindGroup {
    return this.#device.createBindGroup({
      label: spec.kernel,
      layout: pipeline.getBindGroupLayout(0),
      entries: bindings.map((binding, index) => ({
        binding: index,
        resource: ('buffer' in binding ? binding : { buffer: binding }) as GPUBufferBinding,
      })),
    })
  }

  #module(name: ShaderName): Module {
    const key = labelOf(name)
    let known = this.#modules.get(key)
    if (known === undefined) {
      const shader = this.#files.read(name)
      const { label, code } = shader
      known = { shader, module: this.#device.createShaderModule({ label, code }) }
      this.#modules.set(key, known)
    }
    return known
  }

  async #checkedModule(name: ShaderName): Promise<GPUShaderModule> {
    const { shader, module } = this.#module(name)
    const { messages } = await module.getCompilationInfo()
    const error = messages.find((message) => message.type === 'error')
    if (error !== undefined) {
      throw new Error(`${shader.origin(error.lineNum)}:${error.linePos}: ${error.message}`)
    }
    return module
  }
}

/** Rejects with the signal's reason as soon as there is one. */
function abortion(signal: AbortSignal | undefined): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  aborted.catch(() => undefined)
  return aborted
}

function descriptor(spec: KernelSpec, module: GPUShaderModule): GPUComputePipelineDescriptor {
  return {
    label: labelOf(spec),
    layout: 'auto',
    compute: { module, entryPoint: 'main', constants: { ...spec.constants } },
  }
}

function keyOf(spec: KernelSpec): string {
  return `${labelOf(spec)} ${JSON.stringify(spec.constants)}`
}
