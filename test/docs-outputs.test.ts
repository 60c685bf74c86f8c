/** Outputs in pages: marked commands are ones that asp takes, and a block is replaced by what its command prints. */
import { existsSync, readFileSync } from 'node:fs'
import { type Command, type Interfaces, Parser } from '@oclif/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pages } from '../scripts/docs-outputs.js'
import { commandsIn, outputsOf, renewed, sameShape, withOutputs, wordsOf } from '../scripts/page-outputs.js'

const root = new URL('../', import.meta.url)
const marked = pages().flatMap((page) =>
  outputsOf(readFileSync(new URL(page, root), 'utf8')).map((output) => ({ page, ...output })),
)

/** The command's flags and arguments as asp reads them; throws where it would refuse one. */
async function parse(command: string): Promise<void> {
  const words = wordsOf(command)
  const source = (ids: string[]): URL => new URL(`src/commands/${ids.join('/')}.ts`, root)
  const depth = existsSync(source(words.slice(0, 2))) ? 2 : 1
  const { default: found } = (await import(source(words.slice(0, depth)).href)) as { default: typeof Command }
  const flags = { ...found.baseFlags, ...found.flags } as Interfaces.FlagInput
  await Parser.parse(words.slice(depth), { args: found.args, flags, strict: found.strict })
}

const test = suite('outputs in docs')

test('each marked command is one that asp takes', async () => {
  assert.ok(marked.length >= 8, `${marked.length} commands`)
  for (const { page, command, after } of marked) {
    for (const one of [...after, command]) {
      await parse(one).catch((cause: Error) => assert.unreachable(`${page}: ${one}: ${cause.message}`))
    }
  }
})

test('so is each command in a code block', async () => {
  const shown = pages().flatMap((page) =>
    commandsIn(readFileSync(new URL(page, root), 'utf8')).map((command) => ({ page, command })),
  )
  assert.ok(shown.length > 60, `${shown.length} commands`)
  for (const { page, command } of shown) {
    await parse(command).catch((cause: Error) => assert.unreachable(`${page}: ${command}: ${cause.message}`))
  }
})

test('which lines of a page are commands', () => {
  const page = [
    'Run asp doctor, or',
    '',
    "    asp ppl a.txt --limit all     # all of it; 'quoted'",
    '    echo x | npx asp generate --n 2 > y',
    '    for m in a b; do asp ppl --model $m; done',
    '    asp: no command',
    '```sh',
    'HF_HOME=/data asp eval paper \\',
    '    --samples \'{"a|b": 1}\'',
    '$ asp tasks',
    '```',
  ].join('\n')
  assert.equal(commandsIn(page), [
    'asp eval paper --samples \'{"a|b": 1}\'',
    'asp tasks',
    'asp ppl a.txt --limit all',
    'npx asp generate --n 2',
  ])
})

test('no marked block is empty', () => {
  for (const { page, command, shown } of marked) assert.ok(shown.length > 1, `${page}: ${command}`)
})

test('a flag that does not exist is found', async () => {
  for (const wrong of ['asp eval piqa --sparsty 0.8', 'asp ppl --ctx few']) {
    let said = ''
    await parse(wrong).catch((cause: Error) => {
      said = cause.message
    })
    assert.match(said, /--sparsty|--ctx/)
  }
})

const PAGE = `# Page

<!-- output: npx asp eval piqa --limit 2
     after: asp eval copa -o copa.json -->

\`\`\`text
$ npx asp eval piqa --limit 2
┌──────┬────────┐
│ Task │  Value │
└──────┴────────┘
one 1
two 22
[...]
last  3 s
Time  1.50 s: load 0.2 s
\`\`\`

<!-- output: asp tasks -->
\`\`\`
$ asp tasks
piqa
\`\`\`
`

test('what a marker says', () => {
  const [first, second] = outputsOf(PAGE)
  assert.is(first.command, 'npx asp eval piqa --limit 2')
  assert.equal(first.after, ['asp eval copa -o copa.json'])
  assert.is(first.shown.length, 8)
  assert.equal(second, { command: 'asp tasks', after: [], shown: ['piqa'] })
})

const PRINTED = `┌──────┬────────┐
│ Task │  Value │
└──────┴────────┘
one 4
two 5
three 6
last  7 s
Time  9.99 s: load 0.3 s

Record: /tmp/x/results/piqa.json
`

test('a block is replaced, lines left out stay left out, times stay', () => {
  const made = withOutputs(PAGE, [PRINTED, null])
  const want = PAGE.replace('one 1', 'one 4').replace('two 22', 'two 5')
  assert.fixture(made, want)
  assert.fixture(withOutputs(made, [PRINTED, null]), made)
  assert.match(withOutputs(PAGE, [null, 'piqa\ncopa\n']), /\$ asp tasks\npiqa\ncopa\n```\n$/)
})

test('a table that differs in seconds alone stays, one with another figure is replaced whole', () => {
  const table = (rows: number, time: string): string[] => ['┌───┐', `│ ${rows} │ ${time} │`, '└───┘']
  const shown = table(5, '1.35 s')
  assert.equal(renewed(shown, table(5, '10.4 s').join('\n')), shown)
  assert.equal(renewed(shown, table(6, '10.4 s').join('\n')), table(6, '10.4 s'))
})

test('lines that differ in where something stands are other lines, but a time stays beside a wider label', () => {
  const plot = ['70 ┤●⠢⢄', '        ⠈⠑⠢', '            ⠈⠑⠢', 'Time  5.00 s']
  assert.equal(renewed(plot, plot.join('\n')), plot)
  const moved = ['70 ┤●⠢⢄', '      ⠈⠑⠢', '          ⠈⠑⠢']
  assert.equal(renewed(plot, [...moved, 'Wider  note', 'Time   6.00 s'].join('\n')), [
    ...moved,
    'Wider  note',
    'Time   5.00 s',
  ])
})

test('the shape is that of lines without their figures', () => {
  const [{ shown }] = outputsOf(PAGE)
  assert.ok(sameShape(shown, PRINTED))
  assert.not(sameShape(shown, PRINTED.replace('│ Task │', '│ Suite │')))
  assert.not(sameShape(shown, PRINTED.replace('last', 'more  1\nlast').replace('one', 'none')))
  assert.throws(() => renewed(shown, PRINTED.replace('two', 'second')), /nothing is printed like 'two 22'/)
})

test('words of a command', () => {
  assert.equal(wordsOf(`npx asp drops 'He said: "Go"' --limit 3`), ['drops', 'He said: "Go"', '--limit', '3'])
  assert.equal(wordsOf('asp ppl --ctx="1 2" x'), ['ppl', '--ctx=1 2', 'x'])
  assert.throws(() => wordsOf('cat x'), /must be a command of asp/)
})

test.run()
