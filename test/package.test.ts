/** What is published: exact dependencies, the files a run needs, and nothing about the machine it was written on. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BUNDLED_MODELS } from '../src/data/bundled.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pkg = JSON.parse(read('package.json'))
const lock = JSON.parse(read('package-lock.json'))

const test = suite('package')

test('a new dependency is a decision: this list says which there are', () => {
  assert.equal(Object.keys(pkg.dependencies), [
    '@huggingface/hub',
    '@huggingface/tokenizers',
    '@oclif/core',
    'cli-table3',
    'hyparquet',
    'hyparquet-compressors',
    'ora',
    'undici',
    'webgpu',
    'wink-eng-lite-web-model',
    'wink-nlp',
  ])
  assert.is(pkg.optionalDependencies, undefined)
})

test('versions are exact, and the lock file has the same', () => {
  for (const kind of ['dependencies', 'devDependencies']) {
    for (const [name, version] of Object.entries<string>(pkg[kind])) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name)
      assert.is(lock.packages[`node_modules/${name}`].version, version)
    }
    assert.equal(lock.packages[''][kind], pkg[kind])
  }
})

test('the lock file names no registry, so that any mirror serves', () => {
  const resolved = Object.entries<{ resolved?: string; integrity?: string }>(lock.packages)
    .filter(([, { resolved }]) => resolved !== undefined)
    .map(([name]) => name)
  assert.equal(resolved, [])
  const unchecked = Object.entries<{ integrity?: string }>(lock.packages)
    .filter(([name, { integrity }]) => name !== '' && integrity === undefined)
    .map(([name]) => name)
  assert.equal(unchecked, [])
})

test('everything a run reads is shipped, and nothing of the tests', () => {
  assert.ok(existsSync(join(root, 'dist')), 'npm run build makes dist/, which is shipped')
  const shipped = packed()
  const needed = [
    'LICENSE',
    'README.md',
    'bin/run.js',
    'oclif.manifest.json',
    ...['eval', 'tasks', 'doctor'].map((command) => `dist/commands/${command}.js`),
    ...['report', 'drops', 'drop-stats'].flatMap((page) =>
      ['main.js', 'main.css'].map((file) => `dist/report/client/${page}/${file}`),
    ),
    ...BUNDLED_MODELS.flatMap((model) =>
      ['config.json', 'model.safetensors', 'tokenizer.json'].map((file) => `models/${model}/${file}`),
    ),
    ...under('docs').filter((file) => file.endsWith('.md')),
    ...under('schemas'),
    ...under('suites'),
    ...under('src/engine/kernels'),
  ]
  assert.equal(
    needed.filter((file) => !shipped.includes(file)),
    [],
  )
  const allowed =
    /^(LICENSE|README\.md|package\.json|oclif\.manifest\.json|docs\/[^/]*\.md|(bin|dist|models|schemas|suites|src\/engine\/kernels)\/.*)$/
  assert.equal(
    shipped.filter((file) => !allowed.test(file)),
    [],
  )
})

test('files and folders that the built code looks for are shipped, where it looks for them', () => {
  const shipped = packed()
  const code = shipped.filter((file) => /^dist\/.*\.js$/.test(file) && !file.includes('/report/client/'))
  const wanted = code.flatMap((file) =>
    [...read(file).matchAll(/new URL\('([^']+)', import\.meta\.url\)/g)]
      .map(([, name]) => posix.join(posix.dirname(file), name))
      .filter((place) => place !== './' && place.endsWith('/')),
  )
  assert.ok(wanted.includes('src/engine/kernels/'), wanted.join(', '))
  // Of shaders too: code is built without them.
  assert.ok(shipped.some((file) => /^src\/engine\/kernels\/.*\.wgsl$/.test(file)))
  assert.equal(
    wanted.filter((place) => !shipped.some((file) => file.startsWith(place))),
    [],
  )
  const kernels = wanted.filter((place) => /kernels\/$/.test(place))
  assert.ok(
    kernels.every((place) => shipped.some((file) => file.startsWith(place) && file.endsWith('.wgsl'))),
  )
})

test('what is shipped loads nothing but what is shipped with it: no definition of records, and not TypeBox', () => {
  const code = packed().filter((file) => /^dist\/.*\.js$/.test(file) && !file.includes('/report/client/'))
  const known = new Set(code)
  const lost = code.flatMap((file) =>
    [...read(file).matchAll(/^(?:import|export) [^'"=(]*?from ['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)/gm)]
      .map(([, name, later]) => name ?? later)
      // For threads of a checkout, which run from the sources.
      .filter((name) => name !== 'tsx/esm/api')
      .filter((name) =>
        name.startsWith('.')
          ? !known.has(posix.join(posix.dirname(file), name)) && !name.endsWith('.json')
          : !name.startsWith('node:') &&
            !Object.keys(pkg.dependencies).some((one) => name === one || name.startsWith(`${one}/`)),
      )
      .map((name) => `${file}: ${name}`),
  )
  assert.ok(code.length > 200, `${code.length} files`)
  assert.equal(lost, [])
})

test('no path or host of the machine it was written on', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0')
  const texts = tracked.filter(
    (file) => /\.(ts|js|json|md|wgsl|sh)$|^\.ci\//.test(file) && existsSync(join(root, file)),
  )
  // Spelt so that this file does not match itself
  const traces =
    /\/(?:work|home|root|Users)\/(?!me\b)[a-z]|registry\.(?:npmjs|yarnpkg)|artifactory|:\/\/(?!127\.)(?:\d+\.){3}\d+/
  const home = /\/root\/\.cache/
  const marked = texts.filter((file) => {
    const text = read(file)
    return file !== 'test/package.test.ts' && (traces.test(text) || home.test(text))
  })
  assert.ok(texts.length > 100)
  assert.equal(marked, [])
})

/** What npm would publish. */
function packed(): string[] {
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { files: { path: string }[] }[]
  return files.map(({ path }) => path)
}

function under(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
}

test.run()
