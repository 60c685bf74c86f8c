/** What native code writes to standard error is held back and nothing else is, whatever standard error is. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = mkdtempSync(join(tmpdir(), 'asp-warnings-'))
const script = join(folder, 'script.mts')
const module = fileURLToPath(new URL('../../src/device/native-warnings.ts', import.meta.url))
writeFileSync(
  script,
  `import { writeSync } from 'node:fs'
import { withoutNativeWarnings } from ${JSON.stringify(module)}
process.stderr.write('before\\n')
for (const round of [1, 2]) {
  const result = withoutNativeWarnings(() => (writeSync(2, 'Warning: native\\n'), round))
  process.stderr.write(\`after \${result}\\n\`)
}
try { withoutNativeWarnings(() => { writeSync(2, 'Warning: native\\n'); throw new Error('thrown') }) } catch (error) { console.error(error.message) }
`,
)
const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/esm/index.mjs', import.meta.url))
const NODE = `'${process.execPath}' --import '${tsx}' '${script}'`
const SAID = 'before\nafter 1\nafter 2\nthrown\n'
const ALL = 'before\nWarning: native\nafter 1\nWarning: native\nafter 2\nWarning: native\nthrown\n'

const shell = (command: string, environment: NodeJS.ProcessEnv = {}): string => {
  const { ASP_DEBUG, ...inherited } = process.env
  const { stdout, status } = spawnSync('bash', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...inherited, ...environment },
  })
  assert.is(status, 0)
  return stdout.replaceAll('\r', '')
}

const test = suite('native warnings')

const onLinux = process.platform === 'linux' ? test : test.skip
onLinux('a pipe', () => assert.is(shell(`${NODE} 2>&1 >/dev/null | cat`), SAID))

onLinux('a terminal', () => {
  if (spawnSync('script', ['--version']).status !== 0) return
  assert.is(shell(`script -qec "${NODE.replaceAll('"', '\\"')}" /dev/null </dev/null`), SAID)
})

test('ASP_DEBUG shows them', () => {
  assert.is(shell(`${NODE} 2>&1 >/dev/null | cat`, { ASP_DEBUG: '1' }), ALL)
})

test('a file stays the one that a shell writes on with', () => {
  shell(`{ echo begin >&2; ${NODE}; echo end >&2; } 2>log`)
  assert.is(readFileSync(join(folder, 'log'), 'utf8'), `begin\n${ALL}end\n`)
})

test('a socket, as programs in Node have it for their children', () => {
  const { stderr } = spawnSync(process.execPath, ['--import', tsx, script], { encoding: 'utf8' })
  assert.is(stderr, ALL)
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
