import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('test runner')
const root = fileURLToPath(new URL('..', import.meta.url))

/** The last line and exit code of a run over files of test/fixtures/runner, which uvu's files are but for their name. */
function run(...names: string[]): { status: number | null; last: string | undefined; stdout: string } {
  const files = names.map((name) => `test/fixtures/runner/${name}.ts`)
  const argv = ['--import', 'tsx', 'test/run.ts', ...files]
  const { status, stdout } = spawnSync(process.execPath, argv, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stdout, last: stdout.split('\n').at(-2) }
}

test('counts failures, skips and files that crash or never finish', () => {
  const { status, last, stdout } = run('mixed', 'crash', 'drained', 'late-crash', 'right')
  assert.is(last, '5 passed, 4 failed')
  assert.is(status, 1)
  assert.match(stdout, /^ok .*right\.ts: 2 passed$/m)
  assert.match(stdout, /^FAIL .*mixed\.ts: 2 passed, 1 skipped, 1 failed\n(.*\n)*? +FAIL +mixed/m)
  assert.match(
    stdout,
    /^FAIL .*crash\.ts: 0 passed, 1 failed \(ran no test, exit code 1\)\n(.*\n)*?.*before any test/m,
  )
  assert.match(stdout, /late-crash\.ts: 1 passed, 1 failed \(exit code 3 though its tests passed\)/)
})

test('passes when all do', () => {
  const { status, last } = run('right')
  assert.is(last, '2 passed, 0 failed')
  assert.is(status, 0)
})

test.run()
