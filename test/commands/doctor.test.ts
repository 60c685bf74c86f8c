import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { usableCores } from '../../src/device/cores.js'
import type { Diagnosis } from '../../src/device/diagnose.js'
import { findDriverPackage, useSwiftShader } from '../device/swiftshader.js'
import { COMMAND } from './asp.js'

const doctor = suite('asp doctor')

/** Hides the machine's own Vulkan drivers. */
const NO_DRIVERS = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' }

/** A runtime without SIMD, or one without relaxed SIMD: answers to a few bytes of WebAssembly. */
const NO_SIMD = ['--import', 'data:text/javascript,WebAssembly.validate=()=>false']

function asp(argv: string[], environment: NodeJS.ProcessEnv = NO_DRIVERS, node: string[] = []) {
  const env = { ...process.env, ...environment }
  return spawnSync(process.execPath, [...node, COMMAND, ...argv], { encoding: 'utf8', env, timeout: 30_000 })
}

doctor('shows the processor, tests and measures it, where there is no Vulkan at all', () => {
  const { status, stdout, stderr } = asp(['doctor', '--threads', '1'])
  assert.is(status, 0, stderr)
  assert.is(stderr, '')
  for (const part of [
    /^device +cpu: ./m,
    /^threads +1$/m,
    /^SIMD +simd128, .*relaxed multiply-add \((simd|relaxed) build\)(, vectors fused in pairs)?$/m,
    /^multiply-adds +\d+\.\d GFLOP\/s$/m,
    /^copy +\d+\.\d GB\/s read and written$/m,
    /^self-test +passed in \d+ ms$/m,
    /^adapters +none by WebGPU$/m,
  ]) {
    assert.match(stdout, part)
  }
  const old = Number.parseInt(process.versions.node, 10) < 24
  assert.is(/- Node .* uses half of each vector unit/.test(stdout), old)
  assert.not.match(stdout, /llvmpipe/)
})

doctor('--json prints the diagnosis and nothing else on stdout', () => {
  const { status, stdout } = asp(['doctor', '--json'])
  const { works, selfTest, adapter, speed, adapters }: Diagnosis = JSON.parse(stdout)
  assert.is(status, 0)
  assert.ok(works && selfTest?.ok)
  assert.is(adapter?.kind, 'cpu')
  assert.ok(adapter?.cpu && adapter.cpu.threads > 0)
  assert.ok(speed && speed.flops > 1e8 && speed.copied > 1e8)
  assert.equal(adapters, [])
})

if (findDriverPackage() !== null) {
  doctor('shows a software driver that is asked for, and what would be faster', async () => {
    await useSwiftShader()
    const { status, stdout } = asp(['doctor', '--device', 'swiftshader'], {})
    assert.is(status, 0)
    assert.match(stdout, /^device +swiftshader/m)
    assert.match(stdout, /^self-test +passed/m)
    assert.match(stdout, /- .*--device cpu is faster/)
  })
}

doctor('exits 1 with a remedy when nothing works', () => {
  for (const flags of [[], ['--json']]) {
    const { status, stdout, stderr } = asp(['doctor', ...flags], NO_DRIVERS, NO_SIMD)
    assert.is(status, 1)
    assert.match(
      stderr,
      /^error: cpu: this runtime has no WebAssembly SIMD, got Node [^\n]*; hint: [^\n]*\n$/,
    )
    if (flags.length > 0) assert.not((JSON.parse(stdout) as Diagnosis).works)
  }
})

doctor('bad usage is one line and exit code 2', () => {
  const cases: [string[], RegExp][] = [
    [
      ['doctor', '--device', 'no-such-gpu'],
      /^error: --device: no such adapter, got no-such-gpu; hint: .*there are: cpu/,
    ],
    [['doctor', '--threads', '-1'], /^error: --threads: must be a whole number from 0, got "-1"; hint: /],
    [['doctor', '--threads', 'two'], /^error: --threads: must be a whole number from 0, got "two"; hint: /],
    [['doctor', '--nope'], /^error: Nonexistent flag: --nope; hint: /],
    [['doctr'], /^error: command doctr not found; hint: /],
  ]
  for (const [argv, line] of cases) {
    const { status, stderr } = asp(argv)
    assert.is(status, 2)
    assert.match(stderr, line)
    assert.is(stderr.trimEnd().split('\n').length, 1, stderr)
  }
})

doctor('more threads than cores, or none, is a note', () => {
  const cores = usableCores()
  const cases: [string, RegExp, number][] = [
    ['0', /^note: --threads 0: using \d+\n$/, cores],
    [String(cores + 3), /^note: --threads \d+: this process may use \d+ cores?\n$/, cores + 3],
  ]
  for (const [threads, note, used] of cases) {
    const { status, stdout, stderr } = asp(['doctor', '--threads', threads])
    assert.is(status, 0, stderr)
    assert.match(stderr, note)
    assert.match(stdout, new RegExp(`^threads +${used}$`, 'm'))
  }
})

doctor.run()
