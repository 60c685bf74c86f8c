import type { Batch } from '../../src/engine/batch.js'

/**
 * Plain-loop twin of live-list.wgsl: for each tile of `size` queries of each segment, the keys j up to its last query with
 * t_j after its first one, and the room there is for them.
 * @param deaths (keys): one segment's whole sequence after another
 */
export function liveListsReference(
  { segments, views }: Pick<Batch, 'segments' | 'views'>,
  deaths: ArrayLike<number>,
  size: number,
): { room: number; keys: number[] }[] {
  return segments.flatMap(({ tokens }, index) => {
    const { first, length } = views[index]
    const shared = length - tokens.length
    const lists: { room: number; keys: number[] }[] = []
    for (let row = 0; row < tokens.length; row += size) {
      const room = shared + Math.min(row + size, tokens.length)
      const keys = Array.from({ length: room }, (_, j) => j).filter((j) => deaths[first + j] > shared + row)
      lists.push({ room, keys })
    }
    return lists
  })
}
