/** Twin of gate-times.wgsl. A task is a tile of keys. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { Layer, NEVER, rowOf, segmentAt, tileAt } from './batch.as'
import { gateDeath } from './gate-death.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  DECAYS: u32
  WINDOW: u32
}

export function gateTimes(d: Dispatch): void {
  const k = constants<Constants>(d)
  const layer = struct<Layer>(d, 4)
  for (let i = take(d); i < d.x; i = take(d)) {
    const tile = tileAt(at(d, 2), i)
    const s = segmentAt(at(d, 1), tile.segment)
    const own = at(d, 3) + 4 * <usize>(layer.layer * layer.keys + s.key)
    const total = s.parentLength + s.length
    const end = min(tile.first + k.WORKGROUP, total)
    for (let j = tile.first; j < end; j++) {
      const score = load<f32>(at(d, 0) + 16 * <usize>rowOf(s, j))
      const death = gateDeath(score + layer.betaShift, j, k.DECAYS, k.WINDOW)
      // Who is gone when the first frozen query comes was decided before it.
      store<u32>(own + 4 * <usize>j, death < total && death <= s.frozenFrom ? death : NEVER)
    }
  }
}
