/** The text of a kernel's shader: its entry, joined with the fragments that first lines name. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { KernelSpec } from '../compute/device.js'
import { KERNELS, type KernelRow } from '../kernels/table.js'

// The package holds the sources; the same depth below its root from src/engine/gpu and dist/engine/gpu.
export const SHADERS = new URL('../../../src/engine/kernels/', import.meta.url)

/** First line of a file that needs others: names without `.wgsl`, in braces what the variant fills in. */
const NEEDS = /^\/\/ needs: (.+)$/

/** Lines that have to come before everything else. */
const DIRECTIVE = /^(enable|requires|diagnostic)\b/

export interface Shader {
  /** The kernel and its variant. */
  label: string
  code: string
  /** File and line of a line of `code`, both counted from 1. */
  origin(line: number): string
}

export type ShaderName = Pick<KernelSpec, 'kernel' | 'variant'>

/** Shader files by name, each unique over all rooms. */
export class ShaderFiles {
  readonly #paths = new Map<string, URL>()

  /** @param folders in which there are files and rooms of them */
  constructor(folders: readonly URL[] = [SHADERS]) {
    for (const folder of folders) {
      for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (path.endsWith('.wgsl')) this.#paths.set(basename(path, '.wgsl'), new URL(path, folder))
      }
    }
  }

  names(): string[] {
    return [...this.#paths.keys()]
  }

  /** A kernel's files, its entry first. Throws RangeError where one does not exist or the variant names none. */
  closure(name: ShaderName): string[] {
    const found: string[] = []
    const visit = (file: string): void => {
      if (found.includes(file)) return
      found.push(file)
      for (const needed of this.needs(file, name)) visit(needed)
    }
    visit(name.kernel)
    return found
  }

  /** The fragments that one file of a kernel names itself. */
  needs(file: string, name: ShaderName): string[] {
    const [, list] = NEEDS.exec(this.lines(file, name)[0]) ?? []
    return list === undefined ? [] : list.split(', ').map((fragment) => filled(fragment, name))
  }

  lines(file: string, name: ShaderName): string[] {
    const path = this.#paths.get(file)
    if (path === undefined) throw new RangeError(`kernel ${labelOf(name)}: no shader file ${file}.wgsl`)
    return readFileSync(path, 'utf8').split('\n')
  }

  read(name: ShaderName): Shader {
    const lines = this.closure(name).flatMap((file) =>
      this.lines(file, name).map((text, i) => ({ text, origin: `${file}.wgsl:${i + 1}` })),
    )
    const isDirective = ({ text }: { text: string }): boolean => DIRECTIVE.test(text)
    const ordered = [...lines.filter(isDirective), ...lines.filter((line) => !isDirective(line))]
    return {
      label: labelOf(name),
      code: ordered.map(({ text }) => text).join('\n'),
      origin: (line) => ordered[line - 1]?.origin ?? `${name.kernel}.wgsl`,
    }
  }
}

/** `evict (places: batch, score: by-norm)` */
export function labelOf({ kernel, variant = {} }: ShaderName): string {
  const chosen = Object.entries(variant).map(([name, value]) => `${name}: ${value}`)
  return chosen.length === 0 ? kernel : `${kernel} (${chosen.join(', ')})`
}

function filled(fragment: string, name: ShaderName): string {
  return fragment.replace(/\{(.+?)\}/g, (_, part: string) => {
    const row: KernelRow | undefined = KERNELS[name.kernel]
    const value = name.variant?.[part]
    const values = row?.variants?.[part] ?? []
    if (value === undefined || !values.includes(value)) {
      throw new RangeError(`kernel ${labelOf(name)}: ${part} must be one of ${values.join(', ')}`)
    }
    return value
  })
}
