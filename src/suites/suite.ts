/** Suite files: what is asked of a model, as data. Reads and checks suites/*.json; fields are told in suites/README.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isObject } from '../data/json-file.js'
import type { ColumnType } from '../data/rows.js'
import { utf8Of } from '../data/utf8.js'
import { Failure, nearestName } from '../errors.js'
import { parseJson } from '../json.js'
import { ADAPTATIONS, type AdaptationName } from './adaptations.js'
import { families, memberSuite, SUITES } from './families.js'
import { GOLDEN_FORMS, type GoldenForm } from './golden.js'
import { METRICS, type MetricName, type Output } from './metrics.js'
import { PREPARATIONS, type PreparationName } from './preparations.js'
import { recallSuite } from './recall/suite.js'
import { RECALL_SUITES, type RecallSuite } from './recall/tasks.js'
import * as must from './suite-checks.js'
import { templateFields } from './template.js'

/** Where the documents come from: the Hub or, for a suite of one's own with `path`, this machine. */
export interface DatasetSource {
  /** File or folder, absolute once read. Where there is one, `repo`, `revision` and `files` are empty. */
  path?: string
  repo: string
  config: string | null
  revision: string
  /** Glob of the split's files in the repository. */
  files: string
  split: string
  /** Documents of the full split; null when nobody said. */
  docs: number | null
  columns: Record<string, ColumnType>
  /** How a plain text file becomes rows; only suites whose source is text have it. */
  plaintext?: 'wikitext_pages'
  /** Brings rows of another published form into these columns. */
  adapt?: AdaptationName
  /** Where few-shot examples are drawn from: lm-eval's choice among train, validation and test, in this order. */
  fewshot?: {
    split: string
    files?: string
    path?: string
    /**
     * A document may be drawn for itself: in lm-eval's tasks that have nothing but a test split and do not name it for few-shot. Its
     * figures are those, answers given away included.
     */
    includes_itself?: boolean
  }
  /** Items are made for the model and its tokenizer, not read. */
  recall?: RecallSuite
  /** Only where the bundled sample is of another split, or is that of another suite. */
  sample?: { split?: string; docs?: number; suite?: string }
}

/** What lm-eval's own test data say of all requests of the full split (docs/lm-eval.md, Without a model). */
export interface Golden {
  documents: number
  requests: number
  /** Over the requests in the form of v0.3, documents shuffled by Random(42). */
  sha256: string
  form: GoldenForm
  /** By lm-eval's key without filter (`acc`, `acc_stderr`), for log-probabilities -random() of Random(42). */
  metrics: Record<string, number>
  source: string
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
  /** Documents for which this renders to the same text are one cluster (docs/suites.md, Clusters); those for which it is empty, none. */
  cluster?: string
  protocol: string
  /** What of the suite could not be tried or looked up when it was written. */
  unverified?: string
  reference: Reference[]
  golden?: Golden
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

export { SUITES }
/** In that folder, but not a suite: groups of them. */
export const GROUPS_FILE = 'groups.json'

const columns = must.mapOf(must.oneOf(['string', 'strings', 'index', 'labelled'] satisfies ColumnType[]))
const rowForm = {
  plaintext: must.oneOf(['wikitext_pages']),
  adapt: must.oneOf(Object.keys(ADAPTATIONS)),
}

const hubDataset = must.object(
  {
    repo: must.text,
    config: must.orNull(must.text),
    revision: must.text,
    files: must.text,
    split: must.text,
    docs: must.orNull(must.count),
    columns,
  },
  {
    ...rowForm,
    fewshot: must.object({ split: must.text }, { files: must.text, includes_itself: must.flag }),
    sample: must.object({}, { split: must.text, docs: must.count, suite: must.text }),
  },
)

const localDataset = must.object(
  { path: must.text, columns },
  {
    ...rowForm,
    split: must.text,
    docs: must.count,
    fewshot: must.object({ split: must.text }, { path: must.text, includes_itself: must.flag }),
  },
)

const dataset: must.Check = (value, field) =>
  (isObject(value) && Object.hasOwn(value, 'path') ? localDataset : hubDataset)(value, field)

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

const golden = must.object({
  documents: must.count,
  requests: must.count,
  sha256: must.text,
  form: must.oneOf(Object.keys(GOLDEN_FORMS)),
  metrics: must.mapOf(must.number),
  source: must.text,
})

/** The fields that hold templates, by output type. */
const TEMPLATES: Record<Output, Record<string, must.Check>> = {
  multiple_choice: {
    context: must.oneOrList(must.textOrEmpty),
    choices: must.oneOrList(must.text),
    gold: must.text,
  },
  loglikelihood: { context: must.text, target: must.text },
  loglikelihood_rolling: { text: must.text, counted: must.text },
}

/** Names of the bundled suites, sorted. */
export function suiteNames(): string[] {
  return [...soloNames(), ...families().flatMap(({ suites }) => [...suites.keys()])].sort()
}

/** Every name that can be asked for: the bundled suites and the recall suites, whose items are made. */
export const namedSuites = (): string[] => [...suiteNames(), ...RECALL_SUITES]

let solo: readonly string[] | undefined

/** Those that are no family's: each has a file of its own. */
export function soloNames(): string[] {
  solo ??= readdirSync(SUITES)
    .filter((file) => file.endsWith('.json') && file !== GROUPS_FILE)
    .map((file) => basename(file, '.json'))
    .sort()
  return [...solo]
}

export function listSuites(): Suite[] {
  return suiteNames().map((name) => loadSuite(name))
}

/** Whether what was typed is a suite file: anything with a separator or ending in .json. */
export function isSuitePath(nameOrPath: string): boolean {
  return nameOrPath.endsWith('.json') || /[\\/]/.test(nameOrPath)
}

/** A bundled suite by name, or a suite file by path. `others` are further names a message may suggest. */
export function loadSuite(nameOrPath: string, others: readonly string[] = []): Suite {
  if (isSuitePath(nameOrPath)) return readSuite(nameOrPath)
  if (soloNames().includes(nameOrPath)) return readSuite(join(SUITES, `${nameOrPath}.json`))
  const member = memberSuite(nameOrPath)
  if (member !== undefined) return parseSuite(member.json, member.path)
  const made = recallSuite(nameOrPath)
  if (made !== null) return made
  const near = nearestName(nameOrPath, [...namedSuites(), ...others])
  const groups = others.length > 0 ? `; groups are ${others.join(', ')}` : ''
  throw new Failure(`unknown suite '${nameOrPath}'`, {
    hint: `${near ? `did you mean ${near}? ` : ''}Suites are ${[...soloNames(), ...RECALL_SUITES].join(', ')}${groups}`,
  })
}

function readSuite(path: string): Suite {
  let json: unknown
  try {
    json = parseJson(utf8Of(path, readFileSync(path)))
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure(`${path}: not a readable JSON file, ${(cause as Error).message}`, {
      hint: 'a suite is one JSON file; suites/hellaswag.json is an example',
      cause,
    })
  }
  return parseSuite(json, path)
}

/** Checks a suite file's content and fills in what it may leave out; a Failure names the field. */
export function parseSuite(json: unknown, path: string): Suite {
  const problem = shapeProblem(json) ?? meaningProblem(json as Suite)
  if (problem === undefined) return complete(json as Suite, path)
  throw new Failure(`${path}: ${problem}`, { hint: 'docs/suites.md describes each field' })
}

/** Fields a suite of one's own may leave out. Paths are told from the suite file's folder. */
function complete(suite: Suite, path: string): Suite {
  const { dataset } = suite
  const filled = { ...OPTIONAL, ...(suite.output === 'multiple_choice' ? { delimiter: ' ' } : {}), ...suite }
  if (dataset.path === undefined) return filled
  const beside = (file: string): string => resolve(dirname(path), file)
  const { fewshot } = dataset
  return {
    ...filled,
    dataset: {
      ...NOT_ON_THE_HUB,
      ...dataset,
      path: beside(dataset.path),
      ...(fewshot && { fewshot: { ...fewshot, ...(fewshot.path && { path: beside(fewshot.path) }) } }),
    },
  }
}

const OPTIONAL = { summary: '', version: 1, protocol: '', reference: [] }
const NOT_ON_THE_HUB = { repo: '', config: null, revision: '', files: '', split: '', docs: null }

/** It becomes part of file names and of the command line. */
const suiteName: must.Check = must.matching(/^\w[\w.-]*$/, 'letters, digits, _, - and . only')

function shapeProblem(json: unknown): string | undefined {
  const output = isObject(json) ? json.output : undefined
  const outputs = Object.keys(TEMPLATES) as Output[]
  const known = outputs.find((name) => name === output)
  if (isObject(json) && !known) return must.oneOf(outputs)(output, 'output')
  const check = must.object(
    {
      name: suiteName,
      dataset,
      output: must.oneOf(outputs),
      ...(known ? TEMPLATES[known] : {}),
      metrics: must.listOf(must.oneOf(Object.keys(METRICS))),
    },
    {
      ...(known === 'multiple_choice' ? { delimiter: must.textOrEmpty } : {}),
      summary: must.text,
      version: must.number,
      prepare: must.oneOf(Object.keys(PREPARATIONS)),
      cluster: must.text,
      protocol: must.text,
      unverified: must.text,
      reference: must.listOf(reference),
      golden,
    },
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
  const templates = { ...templatesOf(suite), ...(suite.cluster && { cluster: suite.cluster }) }
  for (const [field, template] of Object.entries(templates)) {
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
