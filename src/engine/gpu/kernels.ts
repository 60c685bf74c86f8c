import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Binding, ComputePass, Grid, KernelSpec, Kernels } from '../compute/device.js'

// The same depth below the package root from src/engine/gpu and dist/engine/gpu.
const FOLDER = new URL('../../../src/engine/kernels/', import.meta.url)

const KERNELS = new WeakMap<GPUDevice, GpuKernels>()

/** The kernels of a device: what one engine had compiled serves the next. */
export function gpuKernels(device: GPUDevice): Kernels {
  const known = KERNELS.get(device) ?? new GpuKernels(device)
  KERNELS.set(device, known)
  return known
}

/** Compiles kernels once per (files, constants) and dispatches them with their bindings in order. */
class GpuKernels implements Kernels {
  readonly #device: GPUDevice
  readonly #modules = new Map<string, GPUShaderModule>()
  readonly #pipelines = new Map<string, GPUComputePipeline>()

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** Compiles ahead of use, so that a broken shader fails here with file, line and column. */
  async prepare(specs: readonly KernelSpec[]): Promise<void> {
    for (const spec of specs) {
      const key = keyOf(spec)
      if (this.#pipelines.has(key)) continue
      const module = await this.#checkedModule(spec.files)
      const pipeline = await this.#device.createComputePipelineAsync(this.#descriptor(spec, module))
      this.#pipelines.set(key, pipeline)
    }
  }

  /** Adds one dispatch to `pass`; bindings 0, 1, ... of group 0 in the order given. */
  dispatch(pass: ComputePass, spec: KernelSpec, bindings: readonly Binding[], grid: Grid): void {
    const [x, y = 1, z = 1] = grid
    if (x === 0 || y === 0 || z === 0) return
    const pipeline = this.#pipeline(spec)
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, this.#bindGroup(pipeline, spec, bindings))
    pass.dispatchWorkgroups(x, y, z)
  }

  #pipeline(spec: KernelSpec): GPUComputePipeline {
    const key = keyOf(spec)
    let pipeline = this.#pipelines.get(key)
    if (pipeline === undefined) {
      pipeline = this.#device.createComputePipeline(this.#descriptor(spec, this.#module(spec.files)))
      this.#pipelines.set(key, pipeline)
    }
    return pipeline
  }

  #bindGroup(pipeline: GPUComputePipeline, spec: KernelSpec, bindings: readonly Binding[]): GPUBindGroup {
    return this.#device.createBindGroup({
      label: spec.files.at(-1) ?? '',
      layout: pipeline.getBindGroupLayout(0),
      entries: bindings.map((binding, index) => ({
        binding: index,
        resource: ('buffer' in binding ? binding : { buffer: binding }) as GPUBufferBinding,
      })),
    })
  }

  #descriptor(spec: KernelSpec, module: GPUShaderModule): GPUComputePipelineDescriptor {
    const constants = { ...spec.constants }
    return {
      label: spec.files.at(-1) ?? '',
      layout: 'auto',
      compute: { module, entryPoint: 'main', constants },
    }
  }

  #module(files: readonly string[]): GPUShaderModule {
    const label = files.join('+')
    let module = this.#modules.get(label)
    if (module === undefined) {
      module = this.#device.createShaderModule({ label, code: readShader(files) })
      this.#modules.set(label, module)
    }
    return module
  }

  async #checkedModule(files: readonly string[]): Promise<GPUShaderModule> {
    const module = this.#module(files)
    const { messages } = await module.getCompilationInfo()
    const error = messages.find((message) => message.type === 'error')
    if (error !== undefined) {
      throw new Error(`${files.join('+')}:${error.lineNum}:${error.linePos}: ${error.message}`)
    }
    return module
  }
}

/** The text of shader files, joined. */
export function readShader(files: readonly string[]): string {
  return files.map((file) => readFileSync(new URL(roomOf(file), FOLDER), 'utf8')).join('\n')
}

const ROOMS = new Map<string, string>()

function roomOf(file: string): string {
  if (ROOMS.size === 0) {
    for (const path of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }))
      ROOMS.set(basename(path), path)
  }
  return ROOMS.get(file) ?? file
}

function keyOf({ files, constants }: KernelSpec): string {
  return `${files.join('+')} ${JSON.stringify(constants)}`
}
