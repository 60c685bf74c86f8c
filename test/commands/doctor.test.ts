import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Diagnosis } from '../../src/device/diagnose.js'
import { COMMAND } from './asp.js'

const doctor = suite('asp doctor')

/** Hides the machine's own Vulkan drivers. */
const NO_DRIVERS = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' }

function asp(argv: string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...environment }
  return spawnSync(process.execPath, [COMMAND, ...argv], { encoding: 'utf8', env, timeout: 30_000 })
}

doctor('works with the bundled driver alone, and says what would be faster', () => {
  const { status, stdout, stderr } = asp(['doctor'], NO_DRIVERS)
  assert.is(status, 0, stderr)
  for (const part of [
    /adapter +swiftshader/,
    /bundled driver +SwiftShader/,
    /self-test +passed/,
    /- .*llvmpipe/,
  ]) {
    assert.match(stdout, part)
  }
  assert.is(stderr, '')
})

doctor('--json prints the diagnosis and nothing else on stdout', () => {
  const { status, stdout } = asp(['doctor', '--json'], NO_DRIVERS)
  const diagnosis: Diagnosis = JSON.parse(stdout)
  assert.is(status, 0)
  assert.ok(diagnosis.works && diagnosis.selfTest?.ok)
  assert.is(diagnosis.adapter?.bundled, true)
  assert.ok(diagnosis.adapter && (diagnosis.adapter.limits.maxStorageBufferBindingSize ?? 0) >= 2 ** 27)
})

doctor('exits 1 with a remedy when nothing works', () => {
  for (const flags of [[], ['--json']]) {
    const { status, stdout, stderr } = asp(['doctor', ...flags], {
      ...NO_DRIVERS,
      ASP_CACHE: '/dev/null/asp',
    })
    assert.is(status, 1)
    assert.match(stderr, /^error: driver cache \/dev\/null\/asp.*; hint: set ASP_CACHE[^\n]*\n$/)
    if (flags.length > 0) assert.not((JSON.parse(stdout) as Diagnosis).works)
  }
})

doctor('bad usage is one line and exit code 2', () => {
  const cases: [string[], RegExp][] = [
    [
      ['doctor', '--device', 'no-such-gpu'],
      /^error: --device: no such adapter, got no-such-gpu; hint: .*SwiftShader/,
    ],
    [['doctor', '--nope'], /^error: Nonexistent flag: --nope; hint: /],
    [['doctr'], /^error: command doctr not found; hint: /],
  ]
  for (const [argv, line] of cases) {
    const { status, stderr } = asp(argv, NO_DRIVERS)
    assert.is(status, 2)
    assert.match(stderr, line)
    assert.is(stderr.trimEnd().split('\n').length, 1, stderr)
  }
})

doctor.run()
