/** Completion as shells do it: the script is sourced, and asked what may follow. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SHELLS, type Shell } from '../../src/cli/completion.js'
import { asp, COMMAND } from '../commands/asp.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-complete-'))
const script = (shell: Shell): string => join(folder, shell)
for (const shell of SHELLS) {
  writeFileSync(script(shell), execFileSync(process.execPath, [COMMAND, 'completion', shell]))
}

/** How a shell is asked for what may stand in place of the last word. */
const ASK: Record<Shell, (words: string[]) => string[]> = {
  bash: (words) => [
    'bash',
    '-c',
    `. ${script('bash')}; ${words_(words)} _asp; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (words) => [
    'zsh',
    '-fc',
    `autoload -U +X compinit && compinit -u -D; . ${script('zsh')}; emulate sh; ${words_(words)} _asp; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  fish: (words) => ['fish', '-c', `source ${script('fish')}; complete -C '${words.join(' ')}'`],
}
const words_ = (words: string[]): string =>
  `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1};`

function offered(shell: Shell, ...words: string[]): string[] {
  const [program, ...argv] = ASK[shell](['asp', ...words])
  const { stdout, stderr } = spawnSync(program, argv, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  })
  assert.is(stderr, '')
  const all = stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]]))
  // zsh itself chooses by what is typed so far.
  return shell === 'zsh' ? all.filter((one) => one.startsWith(words[words.length - 1])) : all
}

const hasShell = (shell: Shell): boolean => spawnSync(shell, ['-c', 'true']).status === 0

const test = suite('completion')

for (const shell of SHELLS.filter(hasShell)) {
  test(`${shell}: commands, subcommands, flags, words of flags, suites, files`, () => {
    assert.equal(offered(shell, 'ev'), ['eval'])
    assert.ok(offered(shell, 'cache', 'cl').includes('clear'))
    assert.equal(offered(shell, 'eval', '--num').sort(), ['--num-fewshot'])
    assert.equal(offered(shell, 'tasks', 'check', '--da'), ['--data'])
    assert.equal(offered(shell, 'eval', 'hellaswag', '--dtype', 'f').sort(), ['f16', 'f32'])
    assert.ok(offered(shell, 'eval', 'hella').includes('hellaswag'))
    assert.ok(offered(shell, 'compare', shell.slice(0, 2)).includes(shell), 'a file')
    assert.not(offered(shell, 'eval', '--').includes('--markdown'))
  })
}

test('bash can always be asked', () => assert.ok(hasShell('bash')))

test('another shell is refused', async () => {
  const { status, stderr } = await asp(folder, ['completion', 'ksh'])
  assert.is(status, 2)
  assert.match(stderr, /^error: shell: must be bash or zsh or fish, got "ksh"/)
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
