/** The rules that keep src/ a tree do catch what they forbid: allowed imports, cycles, and who may print or exit. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOMS, refusedImports, roomOf } from '../scripts/rooms.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** One import of a file in src/, and whether docs/architecture.md allows it. */
const IMPORTS: [from: string, imported: string, allowed: boolean][] = [
  ['commands/one.ts', '../eval/run.js', true],
  ['commands/cache/one.ts', '../../device/open.js', true],
  ['cli/one.ts', '../device/open.js', true],
  ['cli/one.ts', '../commands/eval.js', false],
  ['data/one.ts', '../engine/half.js', true],
  ['data/one.ts', '../engine/engine.js', false],
  ['suites/one.ts', '../data/hub/hub.js', true],
  ['suites/one.ts', '../engine/engine.js', false],
  ['suites/one.ts', '../eval/run.js', false],
  ['pruning/one.ts', '../engine/gpt2/forward.js', true],
  ['pruning/one.ts', '../suites/suite.js', false],
  ['run/one.ts', '../record/io/store.js', true],
  ['run/one.ts', '../pruning/level.js', false],
  ['eval/one.ts', '../suites/suite.js', true],
  ['eval/one.ts', '../engine/gpt2/forward.js', true],
  ['eval/one.ts', '../stats/basics.js', true],
  ['record/one.ts', '../json.js', true],
  ['eval/one.ts', '../device/open.js', false],
  ['eval/one.ts', '../report/table.js', false],
  ['eval/one.ts', '../cli/progress.js', false],
  ['eval/one.ts', '../commands/eval.js', false],
  ['eval/one.ts', '../ppl/run.js', false],
  ['bench/one.ts', '../pruning/calibrate.js', true],
  ['bench/one.ts', '../engine/decode/types.js', true],
  ['bench/one.ts', '../ppl/run.js', false],
  ['generate/one.ts', '../data/tokenizer.js', true],
  ['generate/one.ts', '../device/open.js', false],
  ['drops/one.ts', '../suites/suite.js', true],
  ['drops/one.ts', '../report/format.js', false],
  ['drops/one.ts', '../ppl/windows.js', false],
  ['ppl/one.ts', '../record/io/store.js', true],
  ['ppl/one.ts', '../eval/run.js', false],
  ['ppl/one.ts', '../train/run.js', false],
  ['sweep/one.ts', '../bench/run.js', true],
  ['sweep/one.ts', '../ppl/run.js', true],
  ['sweep/one.ts', '../train/run.js', false],
  ['train/one.ts', '../ppl/score.js', true],
  ['train/one.ts', '../device/open.js', false],
  ['engine/one.ts', './gpt2/config.js', true],
  ['engine/gpt2/one.ts', '../compute/memory.js', true],
  ['engine/gpt2/one.ts', '../../errors.js', true],
  ['engine/gpt2/one.ts', '../../data/checkpoint.js', false],
  ['engine/one.ts', '../data/checkpoint.js', false],
  ['engine/one.ts', '../train/run.js', false],
  ['engine/train/one.ts', '../../train/run.js', false],
  ['engine/one.ts', '../compare/verdict.js', false],
  ['engine/one.ts', '../cli/attended.js', false],
  ['engine/one.ts', '../device/open.js', false],
  ['device/one.ts', './dawn.js', true],
  ['device/one.ts', '../engine/compute/device.js', true],
  ['device/one.ts', '../engine/cpu/device.js', true],
  ['device/one.ts', '../engine/engine.js', false],
  ['device/one.ts', '../cli/tuned-device.js', false],
  ['data/one.ts', '../errors.js', true],
  ['data/one.ts', '../engine/gpt2/config.js', true],
  ['data/hub/one.ts', '../local-files.js', true],
  ['data/hub/one.ts', '../../errors.js', true],
  ['data/one.ts', '../engine/engine.js', false],
  ['data/one.ts', '../suites/suite.js', false],
  ['record/eval/one.ts', '../../stats/paired.js', true],
  ['record/one.ts', '../compare/measure.js', false],
  ['record/io/one.ts', '../../errors.js', true],
  ['record/one.ts', '../engine/engine.js', false],
  ['stats/one.ts', '../record/eval/schema.js', false],
  ['compare/one.ts', '../record/eval/schema.js', true],
  ['compare/one.ts', '../stats/holm.js', true],
  ['compare/one.ts', '../eval/run.js', false],
  ['compare/one.ts', '../report/table.js', false],
  ['report/one.ts', '../record/eval/schema.js', true],
  ['report/one.ts', '../bench/run.js', false],
  ['report/figures/one.ts', '../../record/eval/schema.js', true],
  ['report/figures/one.ts', '../../eval/run.js', false],
  ['report/client/report/one.ts', '../../../record/eval/schema.js', true],
  ['report/client/report/one.ts', '../../../eval/run.js', false],
  ['errors.ts', './stats/basics.js', true],
  ['errors.ts', './data/rows.js', false],
]

/** Standard output, standard error and the exit code belong to commands, and to these. */
const MAY_PRINT = [
  'src/cli/attended.ts',
  'src/cli/progress.ts',
  'src/cli/report-error.ts',
  'src/cli/interruption.ts',
]
const PRINTS = /\bconsole\.|\bprocess\s*\.\s*(exit|exitCode|abort|stdout|stderr)\b/

/** A folder with asp's lint rules and the given files. */
function lint(files: Record<string, string>): { file: string; rule: string }[] {
  const folder = mkdtempSync(join(tmpdir(), 'asp-layers-'))
  try {
    cpSync(join(root, 'biome.json'), join(folder, 'biome.json'))
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), content)
    }
    const argv = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.']
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/biome'), argv, {
      cwd: folder,
      encoding: 'utf8',
    })
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; location: { path: string } }[]
    }
    return diagnostics.map(({ category, location }) => ({ file: location.path, rule: category }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const test = suite('layers')

test('each import that is not allowed is refused, each that is allowed is not', () => {
  for (const [file, imported, allowed] of IMPORTS) {
    for (const text of [
      `import { x } from '${imported}'\n\nx()\n`,
      `import type { X } from '${imported}'\n`,
      `import {\n  x,\n  type Y,\n} from '${imported}'\n`,
      `const { x } = await import('${imported}')\n`,
      `export { x } from '${imported}'\n`,
    ])
      assert.is(refusedImports(file, text).length, allowed ? 0 : 1, `${file}: ${text}`)
  }
})

test('nothing in src/ imports what its room may not', () => {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/rooms.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.is(run.stderr, '')
  assert.is(run.status, 0)
})

test('the table of rooms is a tree, and docs/architecture.md has it', () => {
  const names = Object.keys(ROOMS)
  for (const [room, imported] of Object.entries(ROOMS)) {
    for (const one of imported.filter((name) => name !== '*')) {
      const other = roomOf(one)
      assert.ok(names.includes(other), `${room}: no room ${other}`)
      assert.not.ok(
        ROOMS[other].some((back) => roomOf(back) === room),
        `${room} and ${other} import each other`,
      )
    }
  }
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  for (const [room, imported] of Object.entries(ROOMS)) {
    if (imported.length === 0 || imported[0] === '*') continue
    const row = `| \`${room}\` | ${imported.map((one) => `\`${one}\``).join(', ')} |`
    assert.ok(page.includes(row), `docs/architecture.md: lacks ${row}`)
  }
})

test('the picture in docs/architecture.md has the imports of the table, directly or through other rooms', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const picture = page.match(/```mermaid\n([\s\S]*?)```/)?.[1] ?? ''
  const drawn = new Map<string, string[]>()
  for (const line of picture.split('\n').slice(1)) {
    const [from, to] = line.replaceAll(/\["[^"]*"\]/g, '').split(/ -->| -\. .* \.->/)
    const others = to?.split('&').map((name) => name.trim()) ?? []
    const room = from.trim()
    drawn.set(room, [...(drawn.get(room) ?? []), ...others])
  }
  const reached = (room: string): string[] =>
    (drawn.get(room) ?? []).flatMap((other) => [other, ...reached(other)])
  for (const [room, imported] of Object.entries(ROOMS)) {
    if (imported[0] === '*' || room === 'errors' || room === 'stats') continue
    const rooms = [...new Set(imported.map(roomOf))]
    for (const other of drawn.get(room) ?? []) assert.ok(rooms.includes(other), `${room} to ${other}`)
    for (const other of rooms) assert.ok(reached(room).includes(other), `no way from ${room} to ${other}`)
  }
})

test('a cycle is a lint error, also one of types', () => {
  const found = lint({
    'src/data/a.ts': "import type { B } from './b.js'\n\nexport type A = B | null\n",
    'src/data/b.ts': "import type { A } from './a.js'\n\nexport type B = A | null\n",
    'src/data/c.ts': "import { d } from './d.js'\n\nexport const c = () => d()\n",
    'src/data/d.ts': "import { c } from './c.js'\n\nexport const d = () => c()\n",
  })
  const cycles = found.filter(({ rule }) => rule === 'lint/suspicious/noImportCycles').map(({ file }) => file)
  assert.equal(cycles.sort(), ['src/data/a.ts', 'src/data/b.ts', 'src/data/c.ts', 'src/data/d.ts'])
})

test('only commands print and exit', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => `src/${file}`)
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/commands/'))
  const printing = files.filter((file) => PRINTS.test(readFileSync(join(root, file), 'utf8')))
  assert.ok(files.length > 50)
  assert.equal(printing.sort(), [...MAY_PRINT].sort())
})

test('every folder of src/ is a room, and errors.ts the only file beside them', () => {
  const entries = readdirSync(join(root, 'src')).map((name) => name.replace(/\.ts$/, ''))
  assert.equal(entries.sort(), Object.keys(ROOMS).sort())
})

test.run()
