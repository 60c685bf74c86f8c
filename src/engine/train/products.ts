/** Matrix products of training: which kernel, where the factors lie, what becomes of the sums. */
import { activationNumber } from '../activation.js'
import type { DeviceBuffer, KernelSpec } from '../compute/device.js'
import { PRODUCT } from '../kernels/structs.js'
import type { TrainRecorder } from './recorder.js'

/** A row-major f32 matrix in a buffer, or several of one shape. In elements, multiples of 4. */
export interface Matrix {
  buffer: DeviceBuffer
  /** Offset of the first element; 0 when undefined. */
  at?: number
  /** Elements from one row to the next. */
  width: number
  /** Elements from one matrix to the next; 0 when undefined. */
  next?: number
}

/** What becomes of the sums: a product-to-*.wgsl file each. */
export type Destination =
  | { kind: 'result'; bias?: DeviceBuffer; residual?: DeviceBuffer; accumulate?: boolean }
  | { kind: 'activation-gradient'; inputs: DeviceBuffer }
  | { kind: 'scores'; masks: DeviceBuffer | null; lse: DeviceBuffer; weights: boolean; head: number }
  | { kind: 'score-gradients'; dots: DeviceBuffer; total: DeviceBuffer | null; first: boolean; head: number }

/** How the factors lie: n as the product has them, t transposed; left first. */
export type ProductForm = 'nn' | 'nt' | 'tn'

/** Values of CAUSAL in product.wgsl. */
const CAUSAL = { none: 0, result: 1, left: 2 } as const

export interface Product {
  form: ProductForm
  M: number
  /** A multiple of 4, as K. */
  N: number
  K: number
  left: Matrix
  right: Matrix
  out: Matrix
  /** Matrices multiplied at once; 1 when undefined. */
  count?: number
  causal?: keyof typeof CAUSAL
  scale?: number
  to?: Destination
}

/** Adds one product to the pass. Throws RangeError where vec4s would not fit. */
export function multiply(recorder: TrainRecorder, product: Product): void {
  const { M, N, K, count = 1, causal = 'none' } = product
  const kernel = recorder.product
  const to = product.to ?? { kind: 'result' }
  const { constants, extra, bindings } = destinationOf(recorder, to)
  const spec: KernelSpec = {
    kernel: kernel.kernel,
    variant: { to: to.kind },
    constants: {
      LEFT_TRANSPOSED: Number(product.form[0] === 't'),
      RIGHT_TRANSPOSED: Number(product.form[1] === 't'),
      CAUSAL: CAUSAL[causal],
      ...constants,
    },
  }
  const { left, right, out, scale = 1 } = product
  const shape = recorder.struct(PRODUCT, {
    M,
    N: 4 * quads(N),
    K: 4 * quads(K),
    left: quads(left.at ?? 0),
    leftWidth: quads(left.width),
    leftNext: quads(left.next ?? 0),
    right: quads(right.at ?? 0),
    rightWidth: quads(right.width),
    rightNext: quads(right.next ?? 0),
    out: quads(out.at ?? 0),
    outWidth: quads(out.width),
    outNext: quads(out.next ?? 0),
    scale,
    extra,
  })
  const buffers = [left.buffer, right.buffer, out.buffer, shape]
  recorder.dispatch(
    spec,
    [...buffers, ...bindings],
    [Math.ceil(N / kernel.columns), Math.ceil(M / kernel.rows), count],
  )
}

interface DestinationParts {
  constants: Record<string, number>
  extra: number
  bindings: DeviceBuffer[]
}

/** Bindings that a destination does not use hold any read-only buffer: a layout has them all the same. */
function destinationOf({ config, unused }: TrainRecorder, to: Destination): DestinationParts {
  const { nHead: H } = config
  switch (to.kind) {
    case 'result':
      return {
        constants: {
          BIAS: Number(to.bias !== undefined),
          RESIDUAL: Number(to.residual !== undefined),
          ACCUMULATE: Number(to.accumulate ?? false),
        },
        extra: 0,
        bindings: [to.bias ?? unused, to.residual ?? unused],
      }
    case 'activation-gradient':
      return {
        constants: { ACTIVATION: activationNumber(config.activation) },
        extra: 0,
        bindings: [to.inputs],
      }
    case 'scores':
      return {
        constants: { MASKED: Number(to.masks !== null), WEIGHTS: Number(to.weights), H },
        extra: to.head,
        bindings: [to.masks ?? unused, to.weights ? to.lse : unused],
      }
    case 'score-gradients':
      return {
        constants: { MASKED: Number(to.total !== null), FIRST: Number(to.first), H },
        extra: to.head,
        bindings: [to.dots, to.total ?? unused],
      }
  }
}

function quads(elements: number): number {
  if (elements % 4 !== 0) throw new RangeError(`product: must be a multiple of 4, got ${elements}`)
  return elements / 4
}
