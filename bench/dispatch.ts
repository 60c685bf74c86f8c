/** What it costs to have next to nothing done: a dispatch among many, and a submission that is waited for. */
import { activationNumber } from '../src/engine/activation.js'
import type { ComputeDevice, DeviceBuffer, KernelSpec } from '../src/engine/compute/device.js'
import { kernelsOf } from '../src/engine/compute/kernel.js'
import { Memory } from '../src/engine/compute/memory.js'
import { ELEMENTS } from '../src/engine/kernels/structs.js'

export interface DispatchBench {
  /** Seconds a dispatch, of `DISPATCHES` in one submission: recorded, sent and run; medians. */
  dispatch: number
  /** Seconds from one submission of a single dispatch to the next, with the host waiting for each. */
  submission: number
}

const DISPATCHES = 2000
const SUBMISSIONS = 200
/** A warp, or a handful of vectors. */
const NUMBERS = 256
const GELU: KernelSpec = {
  kernel: 'activate',
  constants: { WORKGROUP: 64, ACTIVATION: activationNumber('gelu-tanh') },
}

export async function benchDispatch(
  { device }: { device: ComputeDevice },
  { repetitions }: { repetitions: number },
): Promise<DispatchBench> {
  const memory = new Memory(device)
  const [from, to] = ['from', 'to'].map((label) => memory.storage('activations', label, 4 * NUMBERS))
  const uniform = memory.uniform('elements', 16)
  memory.write(uniform, ELEMENTS.pack({ quads: NUMBERS / 4, across: 1 }))
  await kernelsOf(device).prepare([GELU])
  const run = (dispatches: number): Promise<unknown> => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    const bindings: DeviceBuffer[] = [from, to, uniform]
    for (let i = 0; i < dispatches; i++) kernelsOf(device).dispatch(pass, GELU, bindings, [1])
    pass.end()
    device.queue.submit([encoder.finish()])
    return device.queue.onSubmittedWorkDone()
  }
  try {
    await run(DISPATCHES)
    const [dispatch, submission]: number[][] = [[], []]
    for (let repetition = 0; repetition < repetitions; repetition++) {
      dispatch.push((await seconds(() => run(DISPATCHES))) / DISPATCHES)
      submission.push(
        (await seconds(async () => {
          for (let i = 0; i < SUBMISSIONS; i++) await run(1)
        })) / SUBMISSIONS,
      )
    }
    return { dispatch: median(dispatch), submission: median(submission) }
  } finally {
    memory.freeAll()
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
