import * as assert from 'uvu/assert'
import type { KernelName } from '../../src/engine/kernels/table.js'
import { candidates, chooseMatmul } from '../../src/engine/matmul.js'
import type { MatmulKernel } from '../../src/engine/matmul-kernels.js'
import { parseChoice, tune } from '../../src/engine/tuner.js'
import { Probe } from '../../src/engine/tuner-probe.js'
import { onEachAdapter } from '../gpu.js'
import { expectedOf, largestDifference, multiply, problem } from './matmul-fixture.js'

/** Small enough for a software adapter to take no time but the compiler's. */
const SIZES = { K: 64, columns: [128], rows: [1, 16], seconds: 0.0001 }

// The processor has one matmul: there is nothing to choose.
await onEachAdapter(
  'tuner',
  (test, open) => {
    const { device, adapter } = open

    test('kernels that are wrong, or that do not run, are refused', async () => {
      const [own, ...others] = candidates(adapter, 'f16')
      const tile = others.find(({ name }) => name === 'tile')
      if (tile === undefined) throw new Error('every adapter runs the plain tiles')
      const suspects: MatmulKernel[] = [
        { ...own, name: 'too few workgroups', columns: 128 * own.columns },
        { ...own, name: 'no file', kernel: 'no-such-kernel' as KernelName },
        { ...tile, name: 'no shader', kernel: 'matmul-output' as KernelName },
        { ...own, name: 'no such constant', constants: () => ({ ROWS: 1, DEPTH: 3 }) },
        { ...tile, name: 'of another way', order: own.order },
        { ...own, name: 'as good as the first' },
      ]
      const probe = new Probe(device, adapter, 'f16', SIZES)
      const verdicts = [...(await probe.check([own, ...suspects]))].map(
        ([{ name }, reason]) => `${name}: ${reason}`,
      )
      probe.close()
      // A refused shader is no failure of the device.
      await open.health.guard(device.queue.onSubmittedWorkDone())
      const expected = [
        new RegExp(`^${own.name}: null$`),
        /^too few workgroups: differs by/,
        /^no file: does not run: kernel no-such-kernel .*: no shader file/,
        /^no shader: does not run: .*main/,
        /^no such constant: does not run/,
        new RegExp(`^of another way: sums in another order than others of its way, ${own.order}`),
        /^as good as the first: null$/,
      ]
      expected.forEach((pattern, i) => {
        assert.match(verdicts[i], pattern)
      })
    })

    test('a run gives rules that a matmul can follow', async () => {
      const progress: number[] = []
      const found = await tune(device, adapter, {
        dtypes: ['f16'],
        sizes: SIZES,
        only: ['tile'],
        onProgress: (done) => progress.push(done),
      })
      assert.equal(progress, [1, 2])
      assert.equal(found.refused, [])
      assert.is(found.timings.length, 4)
      assert.ok(found.timings.every(({ seconds }) => seconds > 0))
      assert.equal(parseChoice(JSON.parse(JSON.stringify(found))), found)
      const variant = chooseMatmul({ ...adapter, tuned: found.matmul }, 'f16')
      assert.is(variant.name, 'tuned-f16')
      const data = problem('f16', 3, 64, 64)
      const worst = largestDifference(
        await multiply(open, variant, data, { anyOrder: true }),
        expectedOf(data, {}),
      )
      assert.ok(worst < 2e-5, `off by ${worst}`)
    })

    test('a run that is stopped throws', async () => {
      const stopped = AbortSignal.abort()
      try {
        await tune(device, adapter, { dtypes: ['f16'], sizes: SIZES, only: [], signal: stopped })
        assert.unreachable()
      } catch (error) {
        assert.is((error as Error).name, 'AbortError')
      }
    })
  },
  { gpu: true },
)
