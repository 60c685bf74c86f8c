/** The kernels for hardware, which software adapters run as well: one of each file, as they compile slowly here. */
import * as assert from 'uvu/assert'
import { candidates, singleVariant } from '../../src/engine/matmul.js'
import type { MatmulKernel } from '../../src/engine/matmul-kernels.js'
import type { AdapterTraits } from '../../src/engine/tuning.js'
import { onEachAdapter } from '../gpu.js'
import { expectedOf, largestDifference, multiply, problem } from './matmul-fixture.js'

// K is no multiple of a tile's depth; the last tile, or the last rows, are not full.
const [K, N] = [68, 130]
const FLAGS = { activation: 'gelu-tanh', accumulate: true } as const

await onEachAdapter(
  'hardware matmul',
  (test, open) => {
    const { adapter } = open
    const ascending: Float32Array[] = []

    for (const kernel of oneOfEachFile(adapter)) {
      const dtype = kernel.rounds ? 'f16' : 'f32'
      const variant = singleVariant(kernel, adapter, dtype)
      for (const M of rowsOf(kernel, adapter)) {
        test(`${kernel.name}, ${M} rows, agrees with plain loops`, async () => {
          const data = problem(dtype, M, K, N)
          const got = await multiply(open, variant, data, FLAGS)
          const worst = largestDifference(got, expectedOf(data, FLAGS))
          assert.ok(worst < (kernel.rounds ? 5e-3 : 2e-5), `off by ${worst}`)
          if (kernel.rounds) assert.ok(worst > 2e-5, `nothing was rounded, off by ${worst}`)
          if (kernel.order === 'ascending') ascending.push(got)
        })
      }
    }

    test('tiles of different sizes give the same bits', () => {
      assert.is(ascending.length, 2)
      assert.equal(ascending[0], ascending[1])
    })
  },
  { gpu: true },
)

/** Tiles: one that is full and one that is not. Few rows: alone, and more than a workgroup has. */
function rowsOf({ rows }: MatmulKernel, { kind }: AdapterTraits): number[] {
  if (Math.max(...rows) > 16) return [67]
  return kind === 'swiftshader' ? [11] : [1, 11]
}

function oneOfEachFile(adapter: AdapterTraits): MatmulKernel[] {
  const [own, ...others] = candidates(adapter, 'f16')
  const fileOf = ({ kernel, variant = {} }: MatmulKernel): string =>
    [kernel, ...Object.values(variant)].join()
  const byFile = new Map(others.toReversed().map((kernel) => [fileOf(kernel), kernel]))
  byFile.delete(fileOf(own))
  return [...byFile.values()]
}
