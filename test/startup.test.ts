/**
 * What Node loads before a command does anything: the static imports of src/, followed by esbuild. Nobody should wait for a package or
 * a room that the command at hand does not use; what only some runs need is imported where it is used.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))
const commands = readdirSync(new URL('../src/commands/', import.meta.url), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/commands/${file.replaceAll('\\', '/')}`)

/** Imported by bin/run.js, whatever is typed. */
const ALWAYS = 'src/cli/main.ts'

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [ALWAYS, ...commands],
  outdir: 'unwritten',
  write: false,
  metafile: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
})

/** Files of src/ and packages that are loaded with a file, in name order. */
function loadedWith(entry: string): { files: string[]; packages: string[] } {
  const files = new Set([entry])
  const packages = new Set<string>()
  for (const file of files) {
    for (const { path, kind, external } of metafile.inputs[file].imports) {
      if (kind !== 'import-statement') continue
      if (!external) files.add(path)
      else if (!path.startsWith('node:')) packages.add(path)
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() }
}

const startup = suite('start-up')

startup('help and version need nothing but oclif', () => {
  const files = [
    ALWAYS,
    'src/cli/report-error.ts',
    'src/cli/typed.ts',
    'src/errors.ts',
    'src/report/escape.ts',
  ]
  assert.equal(loadedWith(ALWAYS), { files: files.sort(), packages: ['@oclif/core'] })
})

const HEAVY = /^src\/(data\/hub|device\/(?!cores\.ts)|engine\/(cpu|gpu|gpt2|kernels\/table)|train|eval|ppl)\b/
for (const name of ['tasks', 'compare']) {
  startup(`asp ${name} loads the packages it uses, no device, no model, no Hub`, () => {
    const { files, packages } = loadedWith(`src/commands/${name}.ts`)
    assert.equal(packages, ['@oclif/core', 'cli-table3'])
    assert.equal(
      files.filter((file) => HEAVY.test(file)),
      [],
    )
  })
}

startup('no command loads a package that only some of its runs use', () => {
  assert.ok(commands.length >= 17)
  const heavy = commands.flatMap((command) =>
    loadedWith(command)
      .packages.filter((name) => !['@huggingface/tokenizers', '@oclif/core', 'cli-table3'].includes(name))
      .map((name) => `${command}: ${name}`),
  )
  assert.equal(heavy, [])
})

startup('sees imports of packages, and those within functions as what they are', () => {
  const { imports } = metafile.inputs['src/data/rows/parquet.ts']
  const hyparquet = imports.filter(({ path }) => path === 'hyparquet')
  assert.equal(
    hyparquet.map(({ kind }) => kind),
    ['dynamic-import'],
  )
  assert.ok(loadedWith('src/commands/eval.ts').packages.includes('@huggingface/tokenizers'))
})

startup.run()
