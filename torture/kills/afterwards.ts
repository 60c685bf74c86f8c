/** What must hold once the command was given again: it finishes, takes leftovers away, loses no work, and equals a run left alone. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { differencesOf } from '../../scripts/text-differences.js'
import type { Ended } from './hurt.js'
import { filesBelow, isLeftover } from './promises.js'
import type { Target } from './targets.js'

/** Texts of files by their names; of what is large or no text its hash. */
export type Files = ReadonlyMap<string, string>

export function readFiles(folder: string): Files {
  return new Map(filesBelow(folder).map((name) => [name, contentOf(join(folder, name))]))
}

/** In one line each. @param alone what a run wrote that was left alone */
export function brokenAfterwards(target: Target, folder: string, alone: Files, again: Ended): string[] {
  if (again.status !== 0)
    return [`given again it ends with ${again.status ?? again.signal}: ${lastLine(again.stderr)}`]
  const now = readFiles(folder)
  const leftovers = [...now.keys()].filter(isLeftover).map((name) => `${name} is left by the run after it`)
  const names = [...new Set([...alone.keys(), ...now.keys()])].filter((name) => !isLeftover(name))
  return [
    ...leftovers,
    ...names.flatMap((name) => {
      const [was, is] = [alone.get(name), now.get(name)]
      if (was === undefined) return [`${name} is there, and was not in a run left alone`]
      if (is === undefined) return [`${name} is missing`]
      const found = differencesOf(name, was, is).filter(({ path }) => !target.mayDiffer.test(path))
      return found.slice(0, 1).map(({ path, says }) => `${path}: ${says}`)
    }),
  ]
}

function contentOf(path: string): string {
  const bytes = readFileSync(path)
  const isText = /\.(jsonl?|html|md|csv|txt)$/.test(path) && bytes.byteLength < 1 << 20
  return isText ? bytes.toString('utf8') : createHash('sha256').update(bytes).digest('hex')
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
