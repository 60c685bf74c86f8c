/** Twin of sample-greedy.wgsl: the arg max of each row. A task is a row. */
import { Dispatch, take } from '../common/dispatch.as'
import { argMax, bestToken, takeToken } from './sample-choice.as'

export function sampleGreedy(d: Dispatch): void {
  for (let row = take(d); row < d.x; row = take(d)) {
    argMax(d, row)
    takeToken(d, row, bestToken)
  }
}
