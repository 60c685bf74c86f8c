/** The kernels compiled for the processor, as this runtime can run them. */
import { readFileSync } from 'node:fs'
import { EXIT, Failure } from '../../errors.js'
import { enableFastWasm } from './fusing.js'

/** Which build of the kernels: fused multiply-adds where the runtime has them. */
export const BUILDS = ['relaxed', 'simd'] as const
export type Build = (typeof BUILDS)[number]

export interface KernelModule {
  build: Build
  module: WebAssembly.Module
  /** Number of each kernel, by its exported name. */
  numbers: ReadonlyMap<string, number>
}

// The same depth below the package root from src/engine/cpu and dist/engine/cpu.
export const BUILT = new URL('../../../dist/engine/cpu/', import.meta.url)

// A function of no result that adds one to itself in four lanes: relaxed_madd.
const RELAXED = Uint8Array.from([
  ...[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b, 0x03,
    0x02,
  ],
  ...[0x01, 0x00, 0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b],
])

// A function that gives a vector of zeros, and a shared memory of one page.
const SIMD = Uint8Array.from([
  ...[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02,
    0x01, 0x00,
  ],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x11, 0x0b],
])
const SHARED = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x05, 0x04, 0x01, 0x03, 0x01, 0x01],
])

/** What this runtime lacks to run any build, or null. */
function missingFeature(): string | null {
  if (!WebAssembly.validate(SIMD)) return 'WebAssembly SIMD'
  if (!WebAssembly.validate(SHARED) || typeof SharedArrayBuffer === 'undefined')
    return 'shared WebAssembly memory'
  return null
}

/** Some V8s have it only behind a flag, which is set first. */
export function hasRelaxedSimd(): boolean {
  enableFastWasm()
  return WebAssembly.validate(RELAXED)
}

export interface ModuleOptions {
  /** The best that this runtime takes when undefined. */
  build?: Build
  /** Where the built kernels are; asp's own when undefined. */
  folder?: URL
}

/**
 * Compiles a build of the kernels.
 * @throws {Failure} exit 1 when the runtime takes none, or the file is missing or damaged
 */
export async function loadModule({
  build: wanted,
  folder = BUILT,
}: ModuleOptions = {}): Promise<KernelModule> {
  // Checked first whatever is wanted: some runtimes take the relaxed build only then.
  const best: Build = hasRelaxedSimd() ? 'relaxed' : 'simd'
  const build = wanted ?? best
  const missing = missingFeature()
  if (missing !== null) {
    throw new Failure(`cpu: this runtime has no ${missing}, got Node ${process.versions.node}`, {
      hint: 'use Node 20.19 or later, without flags that switch WebAssembly features off',
      exit: EXIT.failed,
    })
  }
  try {
    const names = JSON.parse(readFileSync(new URL('kernels.json', folder), 'utf8')) as string[]
    const module = await WebAssembly.compile(readFileSync(new URL(`kernels-${build}.wasm`, folder)))
    return { build, module, numbers: new Map(names.map((name, number) => [name, number])) }
  } catch (cause) {
    const what = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new Failure(`cpu: the kernels cannot be loaded, ${what}`, {
      hint: 'install asp again, or, in a checkout, run `npm run build`',
      exit: EXIT.failed,
      cause,
    })
  }
}
