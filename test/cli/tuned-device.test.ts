import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { tunedDevice } from '../../src/cli/tuned-device.js'
import type { OpenDevice } from '../../src/device/open.js'
import type { TuningChoice } from '../../src/engine/tuner.js'
import { onEachAdapter } from '../gpu.js'

/** One kernel, one size: what is tested here is when a run is made and what becomes of it. */
const QUICK = {
  dtypes: ['f16'] as const,
  sizes: { K: 64, columns: [64], rows: [4], seconds: 0.0001 },
  only: [],
}

await onEachAdapter(
  'tuned device',
  (test, open) => {
    const cache = mkdtempSync(join(tmpdir(), 'asp-tuning-'))
    test.after(() => rmSync(cache, { recursive: true }))
    const files = () => (existsSync(join(cache, 'tuning')) ? readdirSync(join(cache, 'tuning')) : [])
    const gpu: OpenDevice = { ...open, adapter: { ...open.adapter, kind: 'hardware' } }
    const calls: boolean[] = []
    const options = {
      ...QUICK,
      cache,
      onTuned: (_: TuningChoice, measured: boolean) => calls.push(measured),
    }

    test('off, and auto on a software adapter, leave everything as it is', async () => {
      for (const [device, mode] of [
        [gpu, 'off'],
        [open, 'auto'],
      ] as const) {
        assert.is((await tunedDevice(device, mode, options)).adapter.tuned, undefined)
      }
      assert.equal([calls, files()], [[], []])
    })

    test('a GPU is tuned once, then what was found is used', async () => {
      const first = await tunedDevice(gpu, 'auto', options)
      const second = await tunedDevice(gpu, 'auto', options)
      assert.equal(calls.splice(0), [true, false])
      assert.equal(first.adapter.tuned?.f16.steady, [{ kernel: 'tile' }])
      assert.equal(second.adapter.tuned, first.adapter.tuned)
      assert.is(files().length, 1)
      assert.match(files()[0], /^[0-9a-f]{32}\.json$/)
    })

    test('force measures anew, on software adapters too', async () => {
      const forced = await tunedDevice(open, 'force', options)
      await tunedDevice(open, 'force', options)
      assert.equal(calls.splice(0), [true, true])
      assert.is(forced.adapter.tuned?.f16.steady.length, 1)
      assert.is(files().length, 1)
      const newer = { ...gpu, adapter: { ...gpu.adapter, driver: 'of next year' } }
      await tunedDevice(newer, 'auto', options)
      assert.equal(calls.splice(0), [true])
      assert.is(files().length, 2, 'another driver has a file of its own')
    })

    test('after a run that never ended, auto does not try again; force does', async () => {
      for (const file of files()) writeFileSync(join(cache, 'tuning', file), '{"unfinished":true}\n')
      assert.is((await tunedDevice(gpu, 'auto', options)).adapter.tuned, undefined)
      assert.equal(calls, [])
      assert.is.not((await tunedDevice(gpu, 'force', options)).adapter.tuned, undefined)
      assert.is.not((await tunedDevice(gpu, 'auto', options)).adapter.tuned, undefined)
      assert.equal(calls.splice(0), [true, false])
    })

    test('a run that is stopped leaves nothing behind', async () => {
      rmSync(join(cache, 'tuning'), { recursive: true })
      try {
        await tunedDevice(gpu, 'auto', { ...options, signal: AbortSignal.abort() })
        assert.unreachable()
      } catch (error) {
        assert.is((error as Error).name, 'AbortError')
      }
      assert.equal(files(), [])
    })

    test('a cache that cannot be written costs a run each time, no more', async () => {
      const file = join(cache, 'a-file')
      writeFileSync(file, '')
      assert.is.not((await tunedDevice(gpu, 'auto', { ...options, cache: file })).adapter.tuned, undefined)
      assert.equal(calls.splice(0), [true])
    })
  },
  { once: true, gpu: true },
)
