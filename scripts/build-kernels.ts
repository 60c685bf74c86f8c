/**
 * Compiles the processor's kernels: every `<room>/<kernel>.as.ts` that stands beside a shader of its name, into two modules,
 * with plain SIMD and with relaxed multiply-add, and the list of their names in the order the modules number them. Two sources
 * are made first: who calls a kernel by its number, and the numbers of variants as the table of kernels has them.
 * What the same sources gave before is kept in node_modules/.cache, as npm builds more than once while it installs.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exportedName } from '../src/engine/cpu/kernels.js'
import { type KernelName, kernelRow } from '../src/engine/kernels/table.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KERNELS = 'src/engine/kernels'
const OUT = 'dist/engine/cpu'
const BUILDS = { simd: [], relaxed: ['--enable', 'relaxed-simd'] }
/** Kernels whose twins go by the names of variants, by the values of each. */
const NAMED: readonly KernelName[] = ['evict']
const MADE = { caller: 'call.as.ts', variants: 'variants.as.ts' }
const COMPILER = dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json'))

/** Files of the processor's kernels, below their folder. */
const sources = readdirSync(join(ROOT, KERNELS), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.as.ts') && !Object.values(MADE).includes(path))
  .sort()

/** [exported name, file without extension below the folder of kernels] */
function findTwins(): [string, string][] {
  return sources
    .filter((path) => existsSync(join(ROOT, KERNELS, path.replace('.as.ts', '.wgsl'))))
    .map((path): [string, string] => [exportedName(basename(path, '.as.ts')), path.replace(/\.ts$/, '')])
    .filter(([name, path]) => read(`${path}.ts`).includes(`export function ${name}(d: Dispatch)`))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function read(path: string): string {
  return readFileSync(join(ROOT, KERNELS, path), 'utf8')
}

/** The one function that calls a kernel by its number. */
function caller(twins: readonly [string, string][]): string {
  return [
    '// Made by scripts/build-kernels.ts.',
    "import { Dispatch } from './common/dispatch.as'",
    ...twins.map(([name, path]) => `import { ${name} } from './${path.replaceAll('\\', '/')}'`),
    'export function call(kernel: u32, d: Dispatch): void {',
    '  switch (kernel) {',
    ...twins.map(([name], index) => `    case ${index}: ${name}(d); break`),
    '  }',
    '}',
    '',
  ].join('\n')
}

/** A constant for each value of a variant: the index by which a twin is told of it, `EVICT_SCORE_BY_NORM`. */
function variantNumbers(): string {
  const lines = NAMED.flatMap((kernel) =>
    Object.entries(kernelRow(kernel).variants ?? {}).flatMap(([variant, values]) =>
      values.map((value, index) => {
        const name = [kernel, variant, value].join('_').replaceAll('-', '_').toUpperCase()
        return `export const ${name}: u32 = ${index}`
      }),
    ),
  )
  return ['// Made by scripts/build-kernels.ts from table.ts.', ...lines, ''].join('\n')
}

/** @throws Error with the compiler's own words */
async function compile(name: string, flags: readonly string[], to: string): Promise<void> {
  const argv = [
    ...[
      join(COMPILER, 'bin/asc.js'),
      `${KERNELS}/common/run.as.ts`,
      '--outFile',
      join(to, `kernels-${name}.wasm`),
    ],
    ...['-O3', '--noAssert', '--runtime', 'stub'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    // Sizes of addresses on 64 bits; vectors that an exported function takes.
    ...[
      '--enable',
      'simd',
      '--enable',
      'threads',
      '--disableWarning',
      '201',
      '--disableWarning',
      '112',
      ...flags,
    ],
  ]
  await promisify(execFile)(process.execPath, argv, { cwd: ROOT }).catch((error: { stderr?: string }) => {
    throw new Error(`kernels-${name}: ${error.stderr ?? error}`)
  })
}

const twins = findTwins()
const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
hash.update(readFileSync(join(COMPILER, 'package.json')))
for (const path of sources) hash.update(`${path}\n${read(path)}`)
const numbers = variantNumbers()
hash.update(numbers)
const cached = join(ROOT, 'node_modules/.cache/asp-kernels', hash.digest('hex').slice(0, 32))
writeFileSync(join(ROOT, KERNELS, MADE.caller), caller(twins))
writeFileSync(join(ROOT, KERNELS, MADE.variants), numbers)
if (!existsSync(cached)) {
  const partial = `${cached}.${process.pid}.tmp`
  mkdirSync(partial, { recursive: true })
  try {
    await Promise.all(Object.entries(BUILDS).map(([name, flags]) => compile(name, flags, partial)))
    writeFileSync(join(partial, 'kernels.json'), `${JSON.stringify(twins.map(([name]) => name))}\n`)
    renameSync(partial, cached)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}
mkdirSync(join(ROOT, OUT), { recursive: true })
cpSync(cached, join(ROOT, OUT), { recursive: true })
