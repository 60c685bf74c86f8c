/** schemas/ comes from the definitions of records, keeps to what ours keep to, and is all of them that a run needs. */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { emitSchemas } from '../../scripts/emit-schemas.js'
import { type RootSchema, schemaFaults } from './schema-walk.js'

const ROOT = new URL('../../', import.meta.url)
const FILES = readdirSync(new URL('schemas/', ROOT)).sort()
const read = (name: string): RootSchema =>
  JSON.parse(readFileSync(new URL(`schemas/${name}`, ROOT), 'utf8')) as RootSchema

/** Where properties may be missing. */
const OPTIONAL: Record<string, string[]> = {
  // A line has only the units it needs, and metrics where it completes a document.
  'asp.sample-1.schema.json': [': required', '/units: required'],
  // Records of before sparsity was reached in each suite by itself lack policies of tasks, `calibrated` and `off_level`;
  // clusters are only where documents come in them.
  'asp.result-1.schema.json': [
    'GroupResult: required',
    'PerDocumentRecord: required',
    'PerDocumentRecord/recall: required',
    ': required',
    'TaskRecord: required',
  ],
  'asp.sweep-1.schema.json': [': required', 'FrontierPoint: required'],
  'asp.train-1.schema.json': ['TrainSourceRecord: required'],
}

/**
 * Wherever a model is told of: older records lack settings such as `layer_norm_epsilon`, only some weights have a kind to tell, and
 * `padded_rows` is there only where there are some. Policies of a size have `granularity` where heads decide for themselves.
 */
const LATER_CONFIG: Record<string, string[]> = {
  ModelRecord: ['ModelRecord: required', 'ModelRecord/config: required'],
  BenchModel: ['BenchModel: required', 'BenchModel/config: required'],
  SizedRecord: ['SizedRecord: required'],
}

/** The share of the cache in use, which older records have not got beside the share of pairs removed. */
const LATER_KV: Record<string, string[]> = {
  SparsityRecord: ['SparsityRecord: required'],
  RunSparsity: ['RunSparsity: required'],
  PplSparsity: ['PplSparsity: required'],
  GenerateSparsity: ['GenerateSparsity: required'],
  GeneratedSequence: ['GeneratedSequence: required'],
}

const test = suite('schemas')

test('the committed files are what the definitions give; else: npm run build:schemas', () => {
  const emitted = emitSchemas()
  assert.equal(FILES, Object.keys(emitted).sort())
  for (const [name, schema] of Object.entries(emitted))
    assert.equal(read(name), JSON.parse(JSON.stringify(schema)), name)
})

test('every object is closed, requires all its properties, and describes each', () => {
  for (const name of FILES) {
    const faults = schemaFaults(read(name))
    const defined = Object.keys(read(name).$defs ?? {})
    const later = defined.flatMap((one) => LATER_CONFIG[one] ?? LATER_KV[one] ?? [])
    assert.equal(faults.toSorted(), [...(OPTIONAL[name] ?? []), ...later].toSorted(), name)
  }
})

test('nothing that runs loads definitions, and TypeBox with them: types alone are taken from them', () => {
  const isDefinition = (file: string): boolean =>
    /^record\/(define|common)\.ts$|^record\/\w+\/(\w+-)?schema\.ts$/.test(file)
  const files = readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.as.ts'))
  const loaded = (file: string): string[] => {
    const text = readFileSync(new URL(`src/${file}`, ROOT), 'utf8')
    const imports = text.matchAll(
      /^(?:import|export) (?!type\b)[^']*?from '([^']+)'|\bimport\(\s*'([^']+)'/gm,
    )
    return [...imports].map(([, name, later]) => name ?? later)
  }
  assert.ok(files.filter(isDefinition).length > 10)
  assert.ok(loaded('record/define.ts').includes('@sinclair/typebox'))
  const found = files
    .filter((file) => !isDefinition(file))
    .flatMap((file) =>
      loaded(file)
        .filter((name) => {
          const target = posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts')
          return name.includes('typebox') || (name.startsWith('.') && isDefinition(target))
        })
        .map((name) => `${file}: ${name}`),
    )
  assert.equal(found, [])
})

test.run()
