/** The rules that keep src/ a tree do catch what they forbid: allowed imports, cycles, and who may print or exit. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))

/** One import of a file in src/, and whether docs/architecture.md allows it. */
const IMPORTS: [from: string, imported: string, allowed: boolean][] = [
  ['src/commands/one.ts', '../eval/run.js', true],
  ['src/commands/one.ts', '../device/open.js', true],
  ['src/eval/one.ts', '../data/hub.js', true],
  ['src/eval/one.ts', '../engine/gpt2/forward.js', true],
  ['src/eval/one.ts', '../record/build.js', true],
  ['src/eval/one.ts', '../stats.js', true],
  ['src/eval/one.ts', '../device/open.js', false],
  ['src/eval/one.ts', '../report/table.js', false],
  ['src/eval/one.ts', '../progress.js', false],
  ['src/eval/one.ts', '../commands/eval.js', false],
  ['src/bench/one.ts', '../eval/calibrate.js', true],
  ['src/bench/one.ts', '../engine/decode/types.js', true],
  ['src/bench/one.ts', '../ppl/run.js', false],
  ['src/generate/one.ts', '../data/tokenizer.js', true],
  ['src/generate/one.ts', '../device/open.js', false],
  ['src/drops/one.ts', '../eval/calibrate.js', true],
  ['src/drops/one.ts', '../engine/batch.js', true],
  ['src/drops/one.ts', '../report/format.js', false],
  ['src/drops/one.ts', '../ppl/windows.js', false],
  ['src/ppl/one.ts', '../record/store.js', true],
  ['src/ppl/one.ts', '../report/table.js', false],
  ['src/sweep/one.ts', '../bench/run.js', true],
  ['src/sweep/one.ts', '../ppl/run.js', true],
  ['src/sweep/one.ts', '../train/run.js', false],
  ['src/sweep/one.ts', '../report/table.js', false],
  ['src/ppl/one.ts', '../sweep/run.js', false],
  ['src/train/one.ts', '../ppl/score.js', true],
  ['src/train/one.ts', '../engine/train/types.js', true],
  ['src/train/one.ts', '../device/open.js', false],
  ['src/train/one.ts', '../report/table.js', false],
  ['src/ppl/one.ts', '../train/run.js', false],
  ['src/engine/one.ts', '../train/run.js', false],
  ['src/device/one.ts', '../engine/compute/device.js', true],
  ['src/device/one.ts', '../engine/cpu/device.js', true],
  ['src/device/one.ts', '../engine/engine.js', false],
  ['src/report/one.ts', '../record/schema.js', true],
  ['src/report/one.ts', '../bench/run.js', false],
  ['src/report/figures/one.ts', '../format.js', true],
  ['src/report/figures/one.ts', '../../record/schema.js', true],
  ['src/report/figures/one.ts', '../../eval/run.js', false],
  ['src/report/client/report/one.ts', '../../format.js', true],
  ['src/report/client/report/one.ts', '../shared/dom.js', true],
  ['src/report/client/report/one.ts', '../../../record/schema.js', true],
  ['src/report/client/report/one.ts', '../../../eval/run.js', false],
  ['src/eval/one.ts', '../ppl/run.js', false],
  ['src/engine/one.ts', '../bench/run.js', false],
  ['src/engine/one.ts', '../sweep/run.js', false],
  ['src/report/one.ts', '../eval/run.js', false],
  ['src/compare/one.ts', '../record/schema.js', true],
  ['src/compare/one.ts', '../stats/holm.js', true],
  ['src/compare/one.ts', '../eval/run.js', false],
  ['src/compare/one.ts', '../report/table.js', false],
  ['src/stats/one.ts', '../stats.js', true],
  ['src/stats/one.ts', '../record/schema.js', false],
  ['src/record/one.ts', '../stats/paired.js', true],
  ['src/record/one.ts', '../compare/measure.js', false],
  ['src/record/one.ts', '../errors.js', true],
  ['src/record/one.ts', '../eval/suite.js', false],
  ['src/record/one.ts', '../engine/engine.js', false],
  ['src/data/one.ts', '../errors.js', true],
  ['src/data/one.ts', '../engine/gpt2/config.js', true],
  ['src/data/one.ts', '../engine/safetensors.js', true],
  ['src/data/one.ts', '../engine/engine.js', false],
  ['src/data/one.ts', '../eval/suite.js', false],
  ['src/engine/one.ts', './gpt2/config.js', true],
  ['src/engine/gpt2/one.ts', '../compute/memory.js', true],
  ['src/engine/gpt2/one.ts', '../../errors.js', true],
  ['src/engine/gpt2/one.ts', '../../data/checkpoint.js', false],
  ['src/engine/one.ts', '../device/open.js', false],
  ['src/engine/one.ts', '../report-error.js', false],
  ['src/device/one.ts', './dawn.js', true],
  ['src/device/one.ts', '../engine/engine.js', false],
]

/** Standard output, standard error and the exit code belong to commands, and to these. */
const MAY_PRINT = ['src/attended.ts', 'src/progress.ts', 'src/report-error.ts', 'src/interruption.ts']
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

test('each import that is not allowed is a lint error, each that is allowed is none', () => {
  const fileOf = ([from]: (typeof IMPORTS)[number], i: number): string =>
    from.replace('one.ts', `case-${i}.ts`)
  const files = Object.fromEntries(
    IMPORTS.map((one, i) => [fileOf(one, i), `import { x } from '${one[1]}'\n\nx()\n`]),
  )
  const refused = lint(files).filter(({ rule }) => rule === 'lint/style/noRestrictedImports')
  for (const [i, one] of IMPORTS.entries()) {
    const found = refused.some(({ file }) => file === fileOf(one, i))
    assert.is(found, !one[2], `${one[0]} importing ${one[1]}`)
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

test('every folder of src/ has a rule', () => {
  const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as {
    overrides: { includes: string[] }[]
  }
  // Folders inside a folder have the rule of theirs, written for their depth.
  const ruled = [
    ...new Set(
      overrides.flatMap(({ includes }) => includes.map((glob) => glob.replace(/(\/\*)+\*$/, '/**'))),
    ),
  ]
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'commands')
    .map(({ name }) => `src/${name}/**`)
  assert.equal(folders.sort(), ruled.sort())
})

test.run()
