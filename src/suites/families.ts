/**
 * Families: suites that differ in a name alone, such as the 67 paradigms of BLiMP. suites/families/<family>.json holds one suite file
 * with `{member}` where the name goes, and the names; each family is a group too (suites/README.md, Families).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MetricName } from './metrics.js'

/** The folder of the bundled suites, at the same depth from src/suites and dist/suites. */
export const SUITES = fileURLToPath(new URL('../../suites/', import.meta.url))

export interface GroupMean {
  metric: MetricName
  /** lm-eval's `weight_by_size`: every document counts the same, or else every suite. */
  weight_by_size: boolean
  /** Its suites are drawn from more of their kind, so that each is a cluster of documents (docs/suites.md, Clusters). */
  cluster?: boolean
  note: string
}

export interface Family {
  name: string
  summary: string
  /** Null for a family that is only a shorthand. */
  mean: GroupMean | null
  /** Names of its suites, sorted, and what fills the template to make them. */
  suites: ReadonlyMap<string, string>
  /** Names of suites by the part of the family that they are, such as a phenomenon; empty where it has no parts. */
  parts: ReadonlyMap<string, readonly string[]>
  /** A suite file's content with `{member}` in it, as JSON. */
  template: string
}

interface FamilyFile {
  summary: string
  mean?: GroupMean
  members: string[] | Record<string, string[]>
  suite: { name: string }
}

let known: readonly Family[] | undefined

/** Those of suites/families, sorted. */
export function families(): readonly Family[] {
  const folder = join(SUITES, 'families')
  known ??= readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => familyOf(basename(file, '.json'), JSON.parse(readFileSync(join(folder, file), 'utf8'))))
  return known
}

function familyOf(name: string, { summary, mean, members, suite }: FamilyFile): Family {
  const named = (member: string): string => fill(suite.name, member)
  const all = Array.isArray(members) ? members : Object.values(members).flat()
  const parts = Array.isArray(members) ? [] : Object.entries(members)
  return {
    name,
    summary,
    mean: mean ?? null,
    suites: new Map(
      all.map((member) => [named(member), member] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    parts: new Map(parts.map(([part, some]) => [part, some.map(named)])),
    template: JSON.stringify(suite),
  }
}

/** The content of a member's suite file; undefined for a name that is no family's. */
export function memberSuite(name: string): { json: unknown; path: string } | undefined {
  for (const family of families()) {
    const member = family.suites.get(name)
    if (member === undefined) continue
    const path = join(SUITES, 'families', `${family.name}.json`)
    return { json: JSON.parse(fill(family.template, member)), path: `${path}: ${name}` }
  }
  return undefined
}

/** The family a suite is of. */
export function familyName(suite: string): string | undefined {
  return families().find(({ suites }) => suites.has(suite))?.name
}

/** Names under which a folder of rows may have a suite's file, as publishers of families do: `wh_island` for blimp_wh_island. */
export function fileNames(suite: string): string[] {
  const member = families().flatMap(({ suites }) => suites.get(suite) ?? [])
  return member.length === 0 ? [] : [suite, ...member]
}

const fill = (template: string, member: string): string => template.replaceAll('{member}', member)
