/** Where a suite's rows come from, and how that is told in tables and records. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { localFiles } from '../data/local-files.js'
import { DATA_ENDINGS, type DataRow, type RowOptions, type RowShape, readRows } from '../data/rows.js'
import { Failure } from '../errors.js'
import { ADAPTATIONS } from './adaptations.js'
import { fileNames } from './families.js'
import { filesGlob, type Glob } from './glob.js'
import { SUITES, type Suite } from './suite.js'
import { wikitextPages } from './wikitext.js'

export interface DataOrigin {
  kind: 'sample' | 'file' | 'hub' | 'generated'
  /** The suite whose sample it is or whose items are made, a path, or a Hub dataset. */
  source: string
  /** Only of a Hub dataset. */
  revision: string | null
  split: string
  /** Rows of the files. */
  rows: number
  /** Rows of the full split; null when the suite does not say. */
  total: number | null
  /** Over the files as stored. */
  sha256: string
  /** In one phrase for a table: "bundled sample, 200 of 10042". */
  note: string
}

export interface Dataset {
  /** In the order of the split: those wanted, or all. `origin.rows` is the number that there are. */
  rows: DataRow[]
  origin: DataOrigin
}

/** Which split is read (the suite's own unless told), and how much of it is wanted. */
export interface ReadOptions extends Pick<RowOptions, 'wanted'> {
  split?: string
}

const PLAIN_TEXT = { wikitext_pages: wikitextPages }

function samplePath(suite: Suite): string {
  return join(SUITES, 'samples', `${sampleName(suite)}.jsonl`)
}

/** Two protocols over the same rows share their sample. */
function sampleName({ name, dataset: { sample } }: Suite): string {
  return sample?.suite ?? name
}

/** Whether real items of the suite come with asp. */
export function hasSample(suite: Suite): boolean {
  return existsSync(samplePath(suite))
}

/** The real items shipped with the package: suites/samples/<suite>.jsonl. */
export async function readSample(suite: Suite, { wanted }: ReadOptions = {}): Promise<Dataset> {
  if (!hasSample(suite))
    throw new Failure(`${suite.name}: no items of it come with asp`, {
      hint: 'give a file or folder with --data, or leave it out to ask the Hub',
      code: 'unreachable',
    })
  const { sample } = suite.dataset
  const source: Source = {
    kind: 'sample',
    source: sampleName(suite),
    revision: null,
    label: sample?.split ? `bundled sample of the ${sample.split} split` : 'bundled sample',
  }
  return dataset(suite, [samplePath(suite)], source, { ...suite.dataset, ...sample, wanted })
}

/** A file, or the file of the suite's split in a folder or in that folder's `<suite>`; of a family, also its own file there. */
export async function readLocal(
  suite: Suite,
  path: string,
  { split = suite.dataset.split, wanted }: ReadOptions = {},
): Promise<Dataset> {
  const named = fileNames(suite.name).flatMap((name) => DATA_ENDINGS.map((ending) => `${name}${ending}`))
  const own = [suite.name, ...named].map((name) => join(path, name)).find((place) => existsSync(place))
  const files = await localFiles(own ?? path, split)
  const source: Source = { kind: 'file', source: path, revision: null, label: basename(files[0]) }
  return dataset(suite, files, source, {
    split,
    docs: split === suite.dataset.split ? suite.dataset.docs : null,
    wanted,
  })
}

/** The files of a suite's split in the dataset's repository, as paths there. */
export function hubPattern({ dataset: { files } }: Suite): Glob {
  return filesGlob(files)
}

/** Files already fetched from the Hub, in order; `revision` is what was resolved. */
export async function readHub(
  suite: Suite,
  files: readonly string[],
  revision: string,
  { split = suite.dataset.split, wanted }: ReadOptions = {},
): Promise<Dataset> {
  const { repo, docs } = suite.dataset
  const source: Source = { kind: 'hub', source: repo, revision, label: repo }
  return dataset(suite, files, source, {
    split,
    docs: split === suite.dataset.split ? docs : null,
    wanted,
  })
}

type Source = Pick<DataOrigin, 'kind' | 'source' | 'revision'> & { label: string }

async function dataset(
  suite: Suite,
  files: readonly string[],
  { label, ...source }: Source,
  { split, docs: total, wanted }: { split: string; docs: number | null } & ReadOptions,
): Promise<Dataset> {
  const { rows, total: count, sha256 } = await readRows(files, rowShape(suite), { wanted })
  const whole = count === total || (total === null && source.kind === 'file')
  const share = whole ? `all ${count}` : `${count} of ${total ?? 'unknown'}`
  return {
    rows: inSplitOrder(rows),
    origin: { ...source, split, rows: count, total, sha256, note: `${label}, ${share}` },
  }
}

/** By `idx`, the place in the full split, where every row has one of its own: what files merged by hand may lose. */
export function inSplitOrder(rows: readonly DataRow[]): DataRow[] {
  const places = rows.map(({ value }) => value.idx)
  const told = places.every((idx) => Number.isSafeInteger(idx)) && new Set(places).size === rows.length
  return told ? [...rows].sort((a, b) => Number(a.value.idx) - Number(b.value.idx)) : [...rows]
}

function rowShape({ dataset: { columns, plaintext, adapt } }: Suite): RowShape {
  return { columns, plainText: plaintext && PLAIN_TEXT[plaintext], adapt: adapt && ADAPTATIONS[adapt] }
}
