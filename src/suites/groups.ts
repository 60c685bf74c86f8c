/** What is typed after `asp eval` -> suites: names, paths, globs, commas, and the groups of suites/groups.json. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../errors.js'
import type { GroupParts } from '../record/eval/build.js'
import { type Family, families, type GroupMean } from './families.js'
import { nameGlob } from './glob.js'
import { RECALL_SUITES } from './recall/tasks.js'
import { GROUPS_FILE, isSuitePath, loadSuite, namedSuites, SUITES, type Suite, soloNames } from './suite.js'

export interface Group {
  name: string
  summary: string
  suites: string[]
  /** Null for a group that is only a shorthand. */
  mean: GroupMean | null
  /** The group that this is a part of, and that brings it along. */
  of?: string
}

export interface Selection {
  /** Each once, in the order first named. */
  suites: Suite[]
  /** Groups that were named, of suites that are all among them. */
  groups: Group[]
  /** Suites nobody named, only a group or a glob: they may be left out where their items are out of reach. */
  optional: Set<string>
}

/** The bundled groups, their globs written out (families, each a group itself, are not in them), and the families. */
export function listGroups(): Group[] {
  const file = JSON.parse(readFileSync(join(SUITES, GROUPS_FILE), 'utf8')) as Record<
    string,
    { summary: string; suites: string[]; mean?: GroupMean }
  >
  const groups = Object.entries(file).map(([name, { summary, suites, mean = null }]) => ({
    name,
    summary,
    suites: suites.flatMap((one) => (isGlob(one) ? globbed(one, soloNames()) : [one])),
    mean,
  }))
  return [...groups, ...families().flatMap(familyGroups)]
}

/** `blimp`, then `blimp.binding` and the others of its parts. */
function familyGroups({ name, summary, mean, suites, parts }: Family): Group[] {
  return [
    { name, summary, mean, suites: [...suites.keys()] },
    ...[...parts].map(([part, some]) => ({
      name: `${name}.${part}`,
      summary: `${part} of ${name}`,
      mean,
      suites: [...some],
      of: name,
    })),
  ]
}

/** Failure: a name that is nothing, a glob that matches nothing, two suites of one name. */
export function selectSuites(typed: readonly string[]): Selection {
  const known = listGroups()
  const groups: Group[] = []
  const suites = new Map<string, Suite>()
  const exactly = new Set<string>()
  const add = (suite: Suite, from: string): void => {
    const other = suites.get(suite.name)
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(suite))
      throw new Failure(`${from}: its name '${suite.name}' is that of another suite of this run`, {
        hint: "change 'name' in one of the files",
      })
    suites.set(suite.name, suite)
  }
  for (const one of typed.flatMap(atCommas)) {
    const group = known.find(({ name }) => name === one)
    for (const other of known)
      if (group !== undefined && (other === group || other.of === group.name) && !groups.includes(other))
        groups.push(other)
    const exact = group === undefined && (!isGlob(one) || isSuitePath(one))
    const names = group?.suites ?? (exact ? [one] : globbed(one, namedSuites()))
    for (const name of names) {
      const suite = loadSuite(
        name,
        known.map((other) => other.name),
      )
      add(suite, one)
      if (exact) exactly.add(suite.name)
    }
  }
  const optional = new Set([...suites.keys()].filter((name) => !exactly.has(name)))
  return { suites: [...suites.values()], groups, optional }
}

/** A file may have a comma in its name. */
function atCommas(typed: string): string[] {
  if (isSuitePath(typed) && existsSync(typed)) return [typed]
  const names = typed.split(',').map((name) => name.trim())
  return names.filter((name) => name !== '' || names.length === 1)
}

function isGlob(name: string): boolean {
  return /[*?]/.test(name)
}

function globbed(glob: string, among: readonly string[]): string[] {
  const pattern = nameGlob(glob)
  const names = among.filter((name) => pattern.test(name))
  if (names.length > 0) return names
  throw new Failure(`'${glob}': no suite's name matches`, {
    hint: `suites are ${[...soloNames(), ...RECALL_SUITES].join(', ')}`,
  })
}

/** Groups that have a figure, for the record. */
export function groupParts(groups: readonly Group[]): GroupParts[] {
  return groups.flatMap(({ name, suites, mean }) =>
    mean === null
      ? []
      : [
          {
            name,
            tasks: suites,
            metric: mean.metric,
            weightBySize: mean.weight_by_size,
            clustered: mean.cluster ?? false,
            note: mean.note,
          },
        ],
  )
}
