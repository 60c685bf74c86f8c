/** Suite files: what is asked of a model, as data. Reads and checks suites/*.json; fields are told in suites/README.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ColumnType } from '../data/rows.js'
import { Failure } from '../errors.js'
import { METRICS, type MetricName, type Output } from './metrics.js'
import { nearestName } from './nearest-name.js'
import { PREPARATIONS, type PreparationName } from './prepare.js'
import * as must from './suite-checks.js'
import { templateFields } from './template.js'

/** Where the documents come from on the Hub. */
export interface DatasetSource {
  repo: string
  config: string | null
  revision: string
  /** Glob of the split's files in the repository. */
  files: string
  split: string
  /** Documents of the full split. */
  docs: number
  columns: Record<string, ColumnType>
  /** How a plain text file becomes rows; only suites whose source is text have it. */
  plaintext?: 'wikitext_pages'
}

/** A published figure of a dense model, to compare with. */
export interface Reference {
  model: string
  metric: MetricName
  value: number
  stderr?: number
  trust: 'high' | 'medium' | 'low'
  source: string
}

interface SuiteBase {
  name: string
  summary: string
  version: number
  dataset: DatasetSource
  prepare?: PreparationName
  metrics: MetricName[]
  protocol: string
  reference: Reference[]
}

/** A list of contexts gives each choice its own; one context is shared by all. `gold` renders to a choice's index. */
export interface MultipleChoiceSuite extends SuiteBase {
  output: 'multiple_choice'
  context: string | string[]
  delimiter: string
  choices: string | string[]
  gold: string
}

export interface LoglikelihoodSuite extends SuiteBase {
  output: 'loglikelihood'
  context: string
  target: string
}

/** `text` is scored whole; words and bytes are counted on `counted`. */
export interface RollingSuite extends SuiteBase {
  output: 'loglikelihood_rolling'
  text: string
  counted: string
}

export type Suite = MultipleChoiceSuite | LoglikelihoodSuite | RollingSuite

/** The folder of the bundled suites, at the same depth from src/eval and dist/eval. */
export const SUITES = fileURLToPath(new URL('../../suites/', import.meta.url))

const dataset = must.object(
  {
    repo: must.text,
    config: must.orNull(must.text),
    revision: must.text,
    files: must.text,
    split: must.text,
    docs: must.count,
    columns: must.mapOf(must.oneOf(['string', 'strings', 'index'] satisfies ColumnType[])),
  },
  { plaintext: must.oneOf(['wikitext_pages']) },
)

const reference = must.object(
  {
    model: must.text,
    metric: must.oneOf(Object.keys(METRICS)),
    value: must.number,
    trust: must.oneOf(['high', 'medium', 'low']),
    source: must.text,
  },
  { stderr: must.number },
)

/** The fields that hold templates, by output type. */
const TEMPLATES: Record<Output, Record<string, must.Check>> = {
  multiple_choice: {
    context: must.oneOrList(must.text),
    choices: must.oneOrList(must.text),
    gold: must.text,
  },
  loglikelihood: { context: must.text, target: must.text },
  loglikelihood_rolling: { text: must.text, counted: must.text },
}

/** Names of the bundled suites, sorted. */
export function suiteNames(): string[] {
  return readdirSync(SUITES)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort()
}

export function listSuites(): Suite[] {
  return suiteNames().map(loadSuite)
}

/** A bundled suite by name, or a suite file by path (anything with a separator or ending in .json). */
export function loadSuite(nameOrPath: string): Suite {
  const isPath = nameOrPath.endsWith('.json') || /[\\/]/.test(nameOrPath)
  if (isPath) return readSuite(nameOrPath)
  const names = suiteNames()
  if (names.includes(nameOrPath)) return readSuite(join(SUITES, `${nameOrPath}.json`))
  const near = nearestName(nameOrPath, names)
  throw new Failure(`unknown suite '${nameOrPath}'`, {
    hint: `${near ? `did you mean ${near}? ` : ''}Suites are ${names.join(', ')}`,
  })
}

function readSuite(path: string): Suite {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Failure(`${path}: not a readable JSON file, ${(cause as Error).message}`, {
      hint: 'a suite is one JSON file; suites/hellaswag.json is an example',
      cause,
    })
  }
  return parseSuite(json, path)
}

/** Checks a suite file's content; a Failure names the field. `path` is for messages. */
export function parseSuite(json: unknown, path: string): Suite {
  const problem = shapeProblem(json) ?? meaningProblem(json as Suite)
  if (problem === undefined) return json as Suite
  throw new Failure(`${path}: ${problem}`, { hint: 'suites/README.md tells what each field holds' })
}

function shapeProblem(json: unknown): string | undefined {
  const output = must.isObject(json) ? json.output : undefined
  const outputs = Object.keys(TEMPLATES) as Output[]
  const known = outputs.find((name) => name === output)
  if (must.isObject(json) && !known) return must.oneOf(outputs)(output, 'output')
  const check = must.object(
    {
      name: must.text,
      summary: must.text,
      version: must.number,
      dataset,
      output: must.oneOf(outputs),
      ...(known ? TEMPLATES[known] : {}),
      ...(known === 'multiple_choice' ? { delimiter: must.textOrEmpty } : {}),
      metrics: must.listOf(must.oneOf(Object.keys(METRICS))),
      protocol: must.text,
      reference: must.listOf(reference),
    },
    { prepare: must.oneOf(Object.keys(PREPARATIONS)) },
  )
  return check(json, '')
}

/** Every name a well-shaped suite uses is one it has: columns, template fields, metrics of its output type. */
function meaningProblem(suite: Suite): string | undefined {
  const columns = Object.keys(suite.dataset.columns)
  const preparation = suite.prepare && PREPARATIONS[suite.prepare]
  const lacking = preparation?.reads.find((column) => !columns.includes(column))
  if (lacking) return `prepare: '${suite.prepare}' reads column '${lacking}', which dataset.columns lacks`

  const fields = [...columns, ...(preparation?.gives ?? [])]
  for (const [field, template] of Object.entries(templatesOf(suite))) {
    const unknown = [template]
      .flat()
      .flatMap(templateFields)
      .find((name) => !fields.includes(name))
    if (unknown) return `${field}: '{${unknown}}' is none of ${fields.join(', ')}`
  }

  const foreign = suite.metrics.find((name) => !(suite.output in METRICS[name].item))
  if (suite.metrics.length === 0) return 'metrics: must name at least one metric'
  if (foreign) return `metrics: '${foreign}' cannot be computed from output '${suite.output}'`
  if (suite.output !== 'multiple_choice' || typeof suite.context === 'string') return undefined
  if (Array.isArray(suite.choices) && suite.choices.length === suite.context.length) return undefined
  return `context: must be one text or as many as choices, got ${suite.context.length}`
}

/** The templates of a suite by the field that holds them. */
export function templatesOf(suite: Suite): Record<string, string | string[]> {
  const fields = Object.keys(TEMPLATES[suite.output])
  return Object.fromEntries(Object.entries(suite).filter(([field]) => fields.includes(field)))
}
