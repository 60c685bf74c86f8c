/** Lists of files that lie: names that lead out of the cache, names that are one to some file systems, sizes and hashes of nothing. */
import type { PythonRandom } from '../../src/stats/python-random.js'
import type { TreeEntry } from '../../test/data/hub/server.js'

export interface Listing {
  name: string
  /** What it lists is a repository of another content, which may be fetched as it is. */
  isOdd?: true
  rewrite(entries: TreeEntry[], random: PythonRandom): unknown[]
}

const NAMES = [
  '..',
  '../x',
  '../../../../x',
  '/x',
  '//x',
  '\\x',
  '..\\x',
  'a/../../x',
  'a/./x',
  './x',
  'a//x',
  'x/',
  'C:x',
  'c:/x',
  'a:b',
  'x\u0000',
  'x\n',
  '\u001b[2J',
  '',
  ' ',
  '.',
  '...',
  'x/.. /y',
  'a'.repeat(300),
  'a/'.repeat(3000),
  '\u202etxt.nib',
  '%2e%2e/x',
  '__proto__',
  'constructor',
  'refs/main',
  '.incomplete',
  'x.tmp',
  '~/x',
  '-rf',
  'CON',
  'aux.txt',
  7,
  null,
  true,
  {},
  [],
]
const HASHES = [
  '',
  'x',
  '../../x',
  '0'.repeat(39),
  '0'.repeat(40),
  '0'.repeat(64),
  'A'.repeat(64),
  '0'.repeat(65),
  0,
  null,
  {},
]
const SIZES = [-1, -0, 0.5, 2 ** 53, 2 ** 63, '5', null, true, {}, [5]]

const one = <T>(random: PythonRandom, list: readonly T[]): T => list[random.below(list.length)]

/** The list with one entry made into others. */
const replaceOne = (
  entries: TreeEntry[],
  random: PythonRandom,
  make: (entry: TreeEntry) => unknown[],
): unknown[] => {
  const place = random.below(entries.length)
  return entries.flatMap((entry, i) => (i === place ? make(entry) : [entry]))
}

export const LISTINGS: readonly Listing[] = [
  {
    name: 'a name that leads elsewhere',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [{ ...entry, path: one(random, NAMES) }]),
  },
  {
    name: 'one more name that leads elsewhere',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [entry, { ...entry, path: one(random, NAMES) }]),
  },
  {
    name: 'names that differ by case',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [entry, { ...entry, path: entry.path.toUpperCase() }]),
  },
  {
    name: 'a name twice',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [
        entry,
        { ...entries[random.below(entries.length)], path: entry.path },
      ]),
  },
  {
    name: 'a file below a file',
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [entry, { ...entry, path: `${entry.path}/x` }]),
  },
  {
    name: 'a hash of nothing',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [{ ...entry, oid: one(random, HASHES), lfs: undefined }]),
  },
  {
    name: 'an LFS hash of nothing',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [
        {
          ...entry,
          lfs: one<unknown>(random, [{}, null, 7, { oid: one(random, HASHES), size: entry.size }]),
        },
      ]),
  },
  {
    name: 'a size of nothing',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [{ ...entry, size: one(random, SIZES), lfs: undefined }]),
  },
  {
    name: 'a size that is off',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, (entry) => [
        {
          ...entry,
          size: entry.size + random.below(3) - 1,
          lfs: entry.lfs && { ...entry.lfs, size: entry.size + random.below(3) - 1 },
        },
      ]),
  },
  {
    name: 'entries of another form',
    isOdd: true,
    rewrite: (entries, random) =>
      replaceOne(entries, random, () => [
        one<unknown>(random, [
          null,
          7,
          'file',
          [],
          {},
          { type: 'file' },
          { path: 'x' },
          { type: ['file'], path: 'x' },
        ]),
      ]),
  },
  { name: 'nothing', isOdd: true, rewrite: () => [] },
]
