/**
 * Compiles the processor's kernels: every `<room>/<kernel>.as.ts` that stands beside a shader of its name, into two modules,
 * with plain SIMD and with relaxed multiply-add, and the list of their names in the order the modules number them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KERNELS = 'src/engine/kernels'
const OUT = 'dist/engine/cpu'
const BUILDS = { simd: [], relaxed: ['--enable', 'relaxed-simd'] }

/** [exported name, file without extension below the folder of kernels] */
function findTwins(): [string, string][] {
  return readdirSync(`${ROOT}${KERNELS}`, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => path.endsWith('.as.ts') && existsSync(`${ROOT}${KERNELS}/${path.replace('.as.ts', '.wgsl')}`),
    )
    .map((path): [string, string] => [camelCase(path), path.replace(/\.ts$/, '')])
    .filter(([name, path]) =>
      readFileSync(`${ROOT}${KERNELS}/${path}.ts`, 'utf8').includes(`export function ${name}(d: Dispatch)`),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function camelCase(path: string): string {
  const base = path.replace(/^.*\//, '').replace('.as.ts', '')
  return base.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** The one function that calls a kernel by its number. */
function caller(twins: readonly [string, string][]): string {
  return [
    '// Made by scripts/build-kernels.ts.',
    "import { Dispatch } from './common/dispatch.as'",
    ...twins.map(([name, path]) => `import { ${name} } from './${path}'`),
    'export function call(kernel: u32, d: Dispatch): void {',
    '  switch (kernel) {',
    ...twins.map(([name], index) => `    case ${index}: ${name}(d); break`),
    '  }',
    '}',
    '',
  ].join('\n')
}

async function compile(name: string, flags: readonly string[]): Promise<void> {
  const { error, stderr } = await asc.main([
    `${KERNELS}/common/run.as.ts`,
    ...[
      '--outFile',
      `${OUT}/kernels-${name}.wasm`,
      '--baseDir',
      ROOT,
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
    ],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
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
  ])
  if (error !== null) throw new Error(`kernels-${name}: ${error.message}\n${stderr}`)
}

const twins = findTwins().filter(([, path]) => !process.argv[2] || new RegExp(process.argv[2]).test(path))
mkdirSync(`${ROOT}${OUT}`, { recursive: true })
writeFileSync(`${ROOT}${KERNELS}/call.as.ts`, caller(twins))
for (const [name, flags] of Object.entries(BUILDS)) await compile(name, flags)
writeFileSync(`${ROOT}${OUT}/kernels.json`, `${JSON.stringify(twins.map(([name]) => name))}\n`)
