/** A shader so small that a wrong number means the driver is broken, not asp. */
import type { OpenGpu } from './open.js'

const LENGTH = 1000 // not a multiple of the workgroup size: the last workgroup is partly out of range
const WORKGROUP = 64
const WGSL = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&x)) { y[id.x] = x[id.x] * x[id.x] + 1.0; }
}`

export interface SelfTest {
  ok: boolean
  /** Wall time with shader compilation, milliseconds. */
  milliseconds: number
  /** The first wrong number, when there is one. */
  wrong?: { index: number; expected: number; got: number }
}

/**
 * Computes x^2 + 1 of 1000 whole numbers on the device and compares every one exactly.
 * @throws {Failure} exit 1 when the device is lost or refuses the work
 */
export async function selfTest({ gpu: device, health }: OpenGpu): Promise<SelfTest> {
  const start = performance.now()
  const input = Float32Array.from({ length: LENGTH }, (_, index) => index)
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage
  const size = input.byteLength
  const x = device.createBuffer({ label: 'self-test x', size, usage: STORAGE | COPY_DST })
  const y = device.createBuffer({ label: 'self-test y', size, usage: STORAGE | COPY_SRC })
  const readback = device.createBuffer({ label: 'self-test readback', size, usage: COPY_DST | MAP_READ })

  const module = device.createShaderModule({ label: 'self-test', code: WGSL })
  const pipeline = await health.guard(
    device.createComputePipelineAsync({ layout: 'auto', compute: { module } }),
  )
  device.queue.writeBuffer(x, 0, input)
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  const entries = [x, y].map((buffer, binding) => ({ binding, resource: { buffer } }))
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(Math.ceil(LENGTH / WORKGROUP))
  pass.end()
  encoder.copyBufferToBuffer(y, 0, readback, 0, size)
  device.queue.submit([encoder.finish()])
  await health.guard(readback.mapAsync(GPUMapMode.READ))
  const output = new Float32Array(readback.getMappedRange().slice(0))
  for (const buffer of [x, y, readback]) buffer.destroy()

  const index = output.findIndex((value, at) => value !== at * at + 1)
  const wrong = index < 0 ? undefined : { index, expected: index * index + 1, got: output[index] }
  return { ok: wrong === undefined, milliseconds: performance.now() - start, wrong }
}
