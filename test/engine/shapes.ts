/** Batches of odd shapes for the kernels that follow sequences: no length is a multiple of a tile. */
import type { Segment } from '../../src/engine/batch.js'

const alone = (length: number, frozenFrom?: number): Segment => ({
  tokens: new Uint32Array(length),
  trunk: null,
  frozenFrom,
})
const branch = (trunk: number, length: number, frozenFrom?: number): Segment => ({
  tokens: new Uint32Array(length),
  trunk,
  frozenFrom,
})

interface Shape {
  name: string
  segments: Segment[]
}

export const SHAPES: Shape[] = [
  { name: 'a single token', segments: [alone(1)] },
  { name: 'one sequence', segments: [alone(129)] },
  { name: 'a ragged batch', segments: [65, 1, 7, 129, 2].map((length) => alone(length)) },
  {
    name: 'trunks and branches',
    segments: [alone(65), branch(0, 1), branch(0, 7), branch(0, 66), alone(7), branch(4, 1), branch(4, 1)],
  },
  { name: 'branches of a single token', segments: [alone(1), branch(0, 129), branch(0, 1), alone(3)] },
]

/** Frozen in a segment's middle, at its ends and beyond, in a trunk, where its branches begin, and in one of them. */
export const FROZEN_SHAPES: Shape[] = [
  { name: 'frozen sequences', segments: [alone(129, 66), alone(7, 0), alone(65, 64), alone(9, 9), alone(7)] },
  {
    name: 'frozen trunks and branches',
    segments: [
      ...[alone(65, 33), branch(0, 7, 33), branch(0, 66, 33)],
      ...[alone(40, 40), branch(3, 1, 40), branch(3, 30, 40)],
      ...[alone(21, 50), branch(6, 9, 50), branch(6, 66, 50)],
    ],
  },
]
