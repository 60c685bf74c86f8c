import { availableParallelism } from 'node:os'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cgroupQuota, usableCores } from '../../src/device/cores.js'

const test = suite('usable cores')

/** Files of a machine, by path. */
const files =
  (contents: Record<string, string>) =>
  (path: string): string | null =>
    contents[path] ?? null

const V1 = '/sys/fs/cgroup/cpu/cpu.cfs'
const cases: [string, Record<string, string>, number | null][] = [
  ['no control groups', {}, null],
  ['a container with a quota', { '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1.5],
  ['a container without one', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, null],
  [
    'the smallest of a nested one',
    {
      '/proc/self/cgroup': '0::/system.slice/job\n',
      '/sys/fs/cgroup/system.slice/job/cpu.max': 'max 100000',
      '/sys/fs/cgroup/system.slice/cpu.max': '200000 100000',
      '/sys/fs/cgroup/cpu.max': '400000 100000',
    },
    2,
  ],
  ['version 1', { [`${V1}_quota_us`]: '300000\n', [`${V1}_period_us`]: '100000\n' }, 3],
  ['version 1 without a quota', { [`${V1}_quota_us`]: '-1\n', [`${V1}_period_us`]: '100000\n' }, null],
  ['nonsense', { '/sys/fs/cgroup/cpu.max': '\n' }, null],
]
for (const [title, contents, quota] of cases) {
  test(`${title}: ${quota ?? 'no'} quota`, () => assert.is(cgroupQuota(files(contents)), quota))
}

test('are never more than the process sees, nor less than one', () => {
  const cores = availableParallelism()
  assert.is(usableCores(files({})), cores)
  assert.is(usableCores(files({ '/sys/fs/cgroup/cpu.max': '100000000 1000' })), cores)
  assert.is(usableCores(files({ '/sys/fs/cgroup/cpu.max': '20000 100000' })), 1)
  assert.is(usableCores(files({ '/sys/fs/cgroup/cpu.max': '110000 100000' })), Math.min(cores, 2))
  assert.ok(usableCores() >= 1)
})

test.run()
