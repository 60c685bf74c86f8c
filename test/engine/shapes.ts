/** Batches of odd shapes for the kernels that follow sequences: no length is a multiple of a tile. */
import type { Segment } from '../../src/engine/batch.js'

const alone = (length: number): Segment => ({ tokens: new Uint32Array(length), trunk: null })
const branch = (trunk: number, length: number): Segment => ({ tokens: new Uint32Array(length), trunk })

export const SHAPES: { name: string; segments: Segment[] }[] = [
  { name: 'a single token', segments: [alone(1)] },
  { name: 'one sequence', segments: [alone(129)] },
  { name: 'a ragged batch', segments: [65, 1, 7, 129, 2].map(alone) },
  {
    name: 'trunks and branches',
    segments: [alone(65), branch(0, 1), branch(0, 7), branch(0, 66), alone(7), branch(4, 1), branch(4, 1)],
  },
  { name: 'branches of a single token', segments: [alone(1), branch(0, 129), branch(0, 1), alone(3)] },
]
