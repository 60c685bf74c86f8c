/** Files or folders as they are named -> which record is held against which. */
import { Failure } from '../errors.js'
import { isFolder, readFolder } from '../record/io/folder.js'
import { readRecord } from '../record/io/read.js'
import { notComparable } from './comparable.js'
import { type FolderPairs, pairFolders } from './folders.js'
import { COMPARABLE, type Comparable } from './pair-records.js'

/**
 * Records against the first one, or those of folders against those of the first folder.
 * @throws Failure where a record cannot be read (exit 2), has figures that are not finite, or nothing has a partner (exit 3)
 */
export async function readPairs(paths: readonly string[]): Promise<FolderPairs> {
  const folders = await Promise.all(paths.map(isFolder))
  if (folders.includes(true)) return readFolders(paths, folders)
  const [base, ...others] = await Promise.all(
    paths.map(async (file) => ({ file, record: await readComparable(file) })),
  )
  return { pairs: others.map((other) => ({ base, other })), notes: [] }
}

async function readFolders(paths: readonly string[], folders: readonly boolean[]): Promise<FolderPairs> {
  const file = paths[folders.indexOf(false)]
  if (file !== undefined) {
    // What is not there is said to be missing, and damage to be damage.
    await readComparable(file)
    throw new Failure(`${file}: is no folder, unlike ${paths[folders.indexOf(true)]}`, {
      hint: 'compare records with a record, or folders with a folder',
    })
  }
  // A gate has no use for what is left of a folder with damage in it.
  const refuse = (damaged: Failure): never => {
    throw asComparable(damaged)
  }
  const [base, ...others] = await Promise.all(paths.map((path) => readFolder(path, COMPARABLE, refuse)))
  const several = others.length > 1
  const paired = others.map((other, i) => pairFolders(base, other, several ? paths[i + 1] : undefined))
  const pairs = paired.flatMap((one) => one.pairs)
  if (pairs.length > 0) return { pairs, notes: [...new Set(paired.flatMap(({ notes }) => notes))] }
  throw notComparable(
    `${paths.slice(1).join(', ')}: no record has a partner in ${paths[0]}`,
    'records of two folders go together by their suites or text, model, policy and level',
  )
}

const readComparable = (file: string): Promise<Comparable> =>
  readRecord(file, COMPARABLE).catch((cause: unknown) => {
    throw cause instanceof Failure ? asComparable(cause) : cause
  })

/** A record that is whole but for figures that are not finite is not comparable. */
const asComparable = (failure: Failure): Failure =>
  failure.code === 'not finite' ? notComparable(failure.message, failure.hint) : failure
