/**
 * `npm run build:schemas`: definitions of records -> the JSON Schemas of schemas/. What a schema.ts exports is a definition of its
 * own (`$defs`) in each file that uses it; a whole record inside another one is a reference to its file.
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import * as bench from '../src/record/bench/schema.js'
import * as common from '../src/record/common.js'
import * as compare from '../src/record/compare/schema.js'
import { ORIGIN, type TSchema } from '../src/record/define.js'
import * as drops from '../src/record/drops/schema.js'
import * as dropStats from '../src/record/drops/stats-schema.js'
import { SampleLine } from '../src/record/eval/sample-schema.js'
import * as evaluation from '../src/record/eval/schema.js'
import * as generate from '../src/record/generate/schema.js'
import * as ppl from '../src/record/ppl/schema.js'
import * as sweep from '../src/record/sweep/schema.js'
import * as train from '../src/record/train/schema.js'

/** By the names of what they describe: a definition, and others that the file is to have. */
const FILES: Readonly<Record<string, readonly [TSchema, ...TSchema[]]>> = {
  'asp.bench/1': [bench.BenchRecord],
  'asp.compare/1': [compare.CompareRecord],
  'asp.drop-stats/1': [dropStats.DropStatsRecord],
  'asp.drops/1': [drops.DropsRecord],
  'asp.generate/1': [generate.GenerateRecord],
  'asp.ppl/1': [ppl.PplRecord],
  'asp.result/1': [evaluation.EvalRecord],
  'asp.sample/1': [SampleLine],
  'asp.sweep/1': [sweep.SweepRecord],
  'asp.trace/1': [generate.TraceLine],
  'asp.train/1': [train.TrainRecord, train.RunLine, train.StepLine, train.EvalLine],
}

const fileOf = (name: string): string => `${name.replace('/', '-')}.schema.json`

/** File name -> schema, for all files of schemas/. */
export function emitSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(FILES).map(([name, [root, ...others]]) => [fileOf(name), emit(name, root, others)]),
  )
}

function emit(name: string, root: TSchema, others: readonly TSchema[]): object {
  const defs: Record<string, unknown> = {}
  const refer = (node: TSchema): string | null => {
    const file = Object.entries(FILES).find(([, [one]]) => one === node)
    if (file !== undefined) return fileOf(file[0])
    const def = DEFINITIONS.get(node)
    if (def === undefined) return null
    if (!(def in defs)) {
      // Before its parts, so that definitions stand in the order of their first use.
      defs[def] = null
      defs[def] = written(node, refer)
    }
    return `#/$defs/${def}`
  }
  const body = written(root, refer) as object
  for (const other of others) refer(other)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: fileOf(name),
    title: name,
    ...body,
    ...(Object.keys(defs).length > 0 && { $defs: defs }),
  }
}

/** Names of definitions. */
const DEFINITIONS = new Map(
  [bench, common, compare, drops, dropStats, evaluation, generate, ppl, sweep, train].flatMap((file) =>
    Object.entries(file).flatMap(([name, value]): [object, string][] =>
      /^[A-Z]/.test(name) && typeof value === 'object' ? [[value, name]] : [],
    ),
  ),
)

/** The JSON of a node, with references to what stands elsewhere; TypeBox's own marks are symbols and left behind. */
function written(node: unknown, refer: (node: TSchema) => string | null): unknown {
  const within = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part
    const original = (part as { [ORIGIN]?: TSchema })[ORIGIN]
    const $ref = refer(original ?? (part as TSchema))
    if ($ref === null) return written(part, refer)
    return original === undefined ? { $ref } : { description: (part as TSchema).description, $ref }
  }
  if (Array.isArray(node)) return node.map(within)
  return Object.fromEntries(Object.entries(node as object).map(([key, part]) => [key, within(part)]))
}

function main(): void {
  for (const [name, schema] of Object.entries(emitSchemas()))
    writeFileSync(new URL(`../schemas/${name}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
