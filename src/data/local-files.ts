/** Which files of a folder hold a split. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../errors.js'
import { DATA_ENDINGS } from './rows.js'

/** Names under which publishers store a split; the Hub's own name is first. */
const SPLIT_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['validation', ['validation', 'valid', 'val', 'dev']],
])

/** The path itself if it is a file; of a folder, the one data file (or one numbered set) whose name has the split's. */
export async function localFiles(path: string, split: string): Promise<string[]> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Failure(`${path}: no such file or folder`, { hint: 'check the path given to --data', cause })
  })
  if (!info.isDirectory()) return [path]
  const names = (await readdir(path)).filter(isData).sort(inNumberOrder)
  return chooseSplit(names, split, path).map((name) => join(path, name))
}

/** Pure part of localFiles: `names` sorted; `folder` is only for messages. */
export function chooseSplit(names: readonly string[], split: string, folder: string): string[] {
  const spellings = SPLIT_NAMES.get(split) ?? [split.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')]
  const wanted = new RegExp(`(^|[^a-z0-9])(${spellings.join('|')})([^a-z0-9]|$)`, 'i')
  const named = names.filter((name) => wanted.test(name))
  const matching = named.some(isRaw) ? named.filter(isRaw) : named
  const sets = new Set(matching.map(withoutPart))
  if (sets.size === 1) return matching
  const hint = `name the file itself: --data ${join(folder, '<file>')}`
  if (sets.size === 0) {
    const found = names.length > 0 ? names.join(', ') : `no ${DATA_ENDINGS.join(', ')}`
    throw new Failure(`${folder}: no data file named after the split '${split}', got ${found}`, { hint })
  }
  throw new Failure(`${folder}: several files may be the split '${split}', got ${matching.join(', ')}`, {
    hint,
  })
}

function isData(name: string): boolean {
  return DATA_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending))
}

/** `test-00001-of-00004.parquet` and its siblings are one split, and so are `test.part1.txt`, `test.part2.txt`. */
function withoutPart(name: string): string {
  return name.replace(/-\d{5}-of-\d{5}/, '').replace(/[-_.](part|half)[-_.]?\d+(?=[-_.])/i, '')
}

/** WikiText is published as raw text and as tokens with rare words replaced, side by side. */
function isRaw(name: string): boolean {
  return /[-_.]raw([-_.]|$)/i.test(name)
}

const inNumberOrder = new Intl.Collator('en', { numeric: true }).compare
