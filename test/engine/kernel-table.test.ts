/** Shaders, twins, structs and the table of kernels say the same of each other. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ShaderFiles } from '../../src/engine/gpu/shader.js'
import { struct } from '../../src/engine/kernels/struct.js'
import { SAMPLING, SEGMENT, SPAN } from '../../src/engine/kernels/structs.js'
import { KERNELS, type KernelName, kernelRow } from '../../src/engine/kernels/table.js'
import {
  camelCase,
  choicesOf,
  classesOf,
  type FieldList,
  neededBy,
  overridesOf,
  type Source,
  sharedBy,
  sources,
  structsOf,
  uniformsOf,
} from './kernel-sources.js'

const table = suite('kernel table')
const NAMES = Object.keys(KERNELS) as KernelName[]
const SHADERS = sources('.wgsl')
const TWINS = sources('.as.ts')
const byName = new Map(SHADERS.map((source) => [source.name, source]))

/** A kernel's shader files for all its variants: the entry, then what each names, each once. */
function filesOf(kernel: KernelName): Source[] {
  const { variants } = kernelRow(kernel)
  const found = new Set<Source>()
  const visit = (name: string): void => {
    const source = byName.get(name)
    if (source === undefined) throw new Error(`${kernel}: there is no ${name}.wgsl`)
    if (found.has(source)) return
    found.add(source)
    for (const needed of neededBy(source.text, variants)) visit(needed)
  }
  visit(kernel)
  return [...found]
}

table("every kernel's shader lies in its room, with all fragments for all variants", () => {
  const files = new ShaderFiles()
  for (const kernel of NAMES) {
    const row = kernelRow(kernel)
    assert.is(byName.get(kernel)?.room, row.room, kernel)
    const all = filesOf(kernel).map(({ name }) => name)
    const used = choicesOf(kernel).flatMap((variant) => files.closure({ kernel, variant }))
    assert.equal(new Set(used), new Set(all), kernel)
    assert.ok(row.like === undefined || row.like in KERNELS, `${kernel} is like ${row.like}`)
  }
})

table('every shader is a kernel or a fragment of one, and no two have one name', () => {
  const used = new Set(NAMES.flatMap(filesOf))
  const unused = SHADERS.filter((source) => !used.has(source)).map(({ path }) => path)
  assert.equal(unused, [])
  assert.is(byName.size, SHADERS.length)
})

table("constants are the shaders' overrides, in their order", () => {
  for (const kernel of NAMES) {
    const overrides = [...new Map(filesOf(kernel).flatMap(({ text }) => overridesOf(text)))]
    assert.equal(Object.entries(kernelRow(kernel).constants), overrides, kernel)
  }
})

table('uniform structs are what the shaders declare', () => {
  for (const kernel of NAMES) {
    const files = filesOf(kernel)
    const structs = new Map(files.flatMap(({ text }) => [...structsOf(text)]))
    const uniforms = files.flatMap(({ text }) => uniformsOf(text)).sort((a, b) => a.binding - b.binding)
    const expected = [...new Set(uniforms.map((uniform) => uniform.struct))]
      .map((name) => structs.get(name))
      // fma-peak's is a vector.
      .filter((fields) => fields !== undefined)
    const { uniforms: declared = [] } = kernelRow(kernel)
    assert.equal(
      declared.map(({ fields }) => Object.entries(fields)),
      expected,
      kernel,
    )
  }
})

table('elements of tables are what the shaders declare', () => {
  const shaderStruct = (file: string, name: string) => structsOf(byName.get(file)?.text ?? '').get(name)
  assert.equal(Object.entries(SEGMENT.fields), shaderStruct('batch', 'Segment'))
  assert.equal(Object.entries(SPAN.fields), shaderStruct('cache', 'Span'))
  assert.equal(Object.entries(SAMPLING.fields), shaderStruct('sample', 'Sampling'))
})

table('every kernel has a twin, and twins take the variant and the constants of their kernels', () => {
  const faults: string[] = []
  for (const kernel of NAMES) {
    const { room, variants = {}, constants, like } = kernelRow(kernel)
    if (like !== undefined) continue
    const twin = TWINS.find((source) => source.room === room && source.name === kernel)
    if (twin === undefined) {
      faults.push(`no ${room}/${kernel}.as.ts`)
      continue
    }
    assert.ok(twin.text.includes(`export function ${camelCase(kernel)}(d: Dispatch): void`), twin.path)
    const [, name] = /\bconstants<(\w+)>/.exec(twin.text) ?? []
    if (name === undefined) continue
    const words = [...Object.keys(variants).map((variant) => [variant, 'u32']), ...Object.entries(constants)]
    const fields = classNamed(name, twin)
    if (String(fields) !== String(words)) faults.push(`${twin.path}: ${name} is ${fields?.join(' ')}`)
  }
  assert.equal(faults, [])
})

/** A class that a twin declares, or imports from a twin of its name. */
function classNamed(name: string, twin: Source): FieldList | undefined {
  const own = classesOf(twin.text).get(name)
  const [, from] =
    new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from '.*?([\\w-]+)\\.as'`).exec(twin.text) ?? []
  if (own !== undefined || from === undefined) return own
  return classesOf(TWINS.find((source) => source.name === from)?.text ?? '').get(name)
}

table('structs that twins and shaders both read are the same', () => {
  const shared = new Set(SHADERS.flatMap(({ text }) => sharedBy(text)))
  for (const twin of TWINS) {
    for (const [name, fields] of classesOf(twin.text)) {
      const beside = structsOf(byName.get(twin.name)?.text ?? '').get(name)
      const all = SHADERS.flatMap(({ text }) => [structsOf(text).get(name) ?? []])
      const candidates = (beside === undefined ? all : [beside]).filter(({ length }) => length > 0)
      if (!shared.has(name) || candidates.length === 0) continue
      const same = candidates.some((other) => String(other) === String(fields))
      assert.ok(same, `${twin.path}: ${name} is ${fields.join(' ')}`)
    }
  }
})

table('what a kernel lacks is named with the kernel and its variant', () => {
  const files = new ShaderFiles()
  const read = (kernel: string, variant?: Record<string, string>) =>
    files.read({ kernel: kernel as KernelName, variant })
  assert.throws(() => read('embedding'), /^kernel embedding: dtype must be one of f32, f16$/)
  assert.throws(() => read('embedding', { dtype: 'f8' }), /^kernel embedding \(dtype: f8\): dtype must be/)
  assert.throws(() => read('embeding', { dtype: 'f16' }), /^kernel embeding \(dtype: f16\): no shader file/)
})

table('a shader begins with what it enables, and knows where each of its lines is from', () => {
  const { code, origin } = new ShaderFiles().read({
    kernel: 'matmul-matrix',
    variant: { unit: 'f16-16x16x16', dtype: 'f16' },
  })
  const lines = code.split('\n')
  assert.match(lines[0], /^enable f16;/)
  assert.is(origin(1), 'matmul-unit-f16-16x16x16.wgsl:1')
  const main = lines.findIndex((line) => line.startsWith('fn main('))
  const { text } = byName.get('matmul-matrix') as Source
  const expected = text.split('\n').findIndex((line) => line.startsWith('fn main('))
  assert.is(origin(main + 1), `matmul-matrix.wgsl:${expected + 1}`)
})

table('structs are packed by name, floats as their bits', () => {
  const pair = struct({ count: 'u32', share: 'f32' })
  assert.is(pair.words, 2)
  assert.equal([...pair.pack({ share: -0, count: 3 })], [3, 0x80000000])
  const shares = pair.table([1, 0.1].map((share) => ({ count: 0, share })))
  assert.equal([...shares], [0, 0x3f800000, 0, 0x3dcccccd])
})

table.run()
