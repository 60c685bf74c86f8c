/** What trainings are called beside each other: by gamma or pattern, and by what else differs where those are alike. Pure. */
import type { RunLine, TrainRecord, TrainRunOptions } from '../../record/train/schema.js'
import type { LoadedRecord, ReportedRecord } from '../reported-record.js'
import { grouped } from './grouped.js'

/** More would hide the plot. */
const MOST = 3

interface Training {
  name: string
  /** What decides the weights, as `path -> value` in words. */
  facts: ReadonlyMap<string, string>
  key: string
}

/** By record, empty for what is no training; a training's record and log have one name, different trainings have different ones. */
export function runNames(loaded: readonly LoadedRecord[]): string[] {
  const trainings = loaded.map(({ record }) => trainingOf(record))
  const known = trainings.filter((one) => one !== null)
  const names = new Map(grouped(known, ({ name }) => name).flatMap(tellApart))
  return trainings.map((one) => (one === null ? '' : (names.get(one.key) ?? one.name)))
}

function trainingOf(record: ReportedRecord): Training | null {
  const run: Pick<RunLine | TrainRecord, 'options' | 'source' | 'data'> | ReportedRecord =
    record.schema === 'asp.train-log/1' ? record.run : record
  if (!('options' in run) || !('source' in run)) return null
  const { options, source, data } = run as RunLine
  const facts = new Map([
    ...factsOf(options),
    ['source', `from ${source.id}${source.sha256 === null ? '' : ` ${source.sha256.slice(0, 6)}`}`] as const,
    ['data', `data ${data.sha256.slice(0, 6)}`] as const,
  ])
  return { name: runName(options), facts, key: JSON.stringify([...facts]) }
}

/** `gamma 0.3`, `dense`, `local 205`. */
function runName({ rule, gamma }: TrainRunOptions): string {
  if (gamma !== null) return `gamma ${gamma}`
  return rule.tokens === null ? rule.kind : `${rule.kind} ${rule.tokens}`
}

/** `seed 43`, `shift range -1..2`, `no shift range`: every leaf of the options. */
function factsOf(value: unknown, path: readonly string[] = []): (readonly [string, string])[] {
  const key = path.join(' ')
  // `rate` of `rate` is said once.
  const words = path
    .filter((word, i) => word !== path[i - 1])
    .join(' ')
    .replaceAll('_', ' ')
  if (value === null) return [[key, `no ${words}`]]
  if (Array.isArray(value)) return [[key, `${words} ${value.join('..')}`]]
  if (typeof value === 'object') {
    // What is null in one run may be an object in another: one fact either way.
    const leaves = Object.entries(value).flatMap(([key, one]) => factsOf(one, [...path, key]))
    return path.length === 0 ? leaves : [[key, leaves.map(([, text]) => text).join(' ')], ...leaves]
  }
  return [[key, `${words} ${value}`]]
}

/** Names of trainings that were called the same, by key. */
function tellApart(alike: readonly Training[]): (readonly [string, string])[] {
  const distinct = [...new Map(alike.map((one) => [one.key, one])).values()]
  if (distinct.length === 1) return [[distinct[0].key, distinct[0].name]]
  const paths = [...new Set(distinct.flatMap(({ facts }) => [...facts.keys()]))]
  const differing = paths.filter((path) => new Set(distinct.map(({ facts }) => facts.get(path))).size > 1)
  // A whole is told by its parts, where all runs have them.
  const parts = (path: string): string[] => differing.filter((one) => one.startsWith(`${path} `))
  const everywhere = (path: string): boolean => distinct.every(({ facts }) => facts.has(path))
  const told = differing.filter(
    (path) => everywhere(path) && !(parts(path).length > 0 && parts(path).every(everywhere)),
  )
  const said = (one: Training): string =>
    [one.name, ...told.slice(0, MOST).map((path) => one.facts.get(path))].join(', ')
  const isEnough = new Set(distinct.map(said)).size === distinct.length
  return distinct.map((one, i) => [one.key, isEnough ? said(one) : `${one.name} (${i + 1})`])
}
