/** Where a suite's rows come from, and how that is told in tables and records. */
import { basename, join } from 'node:path'
import { localFiles } from '../data/local-files.js'
import { type DataRow, type RowShape, readRows } from '../data/rows.js'
import { SUITES, type Suite } from './suite.js'
import { wikitextPages } from './wikitext.js'

export interface DataOrigin {
  kind: 'sample' | 'file' | 'hub'
  /** The suite whose sample it is, a path, or a Hub dataset. */
  source: string
  /** Only of a Hub dataset. */
  revision: string | null
  split: string
  /** Rows loaded. */
  rows: number
  /** Rows of the full split. */
  total: number
  /** Over the files as stored. */
  sha256: string
  /** In one phrase for a table: "bundled sample, 200 of 10042". */
  note: string
}

export interface Dataset {
  rows: DataRow[]
  origin: DataOrigin
}

const PLAIN_TEXT = { wikitext_pages: wikitextPages }

/** The real items shipped with the package: suites/samples/<suite>.jsonl. */
export async function readSample(suite: Suite): Promise<Dataset> {
  return dataset(suite, [join(SUITES, 'samples', `${suite.name}.jsonl`)], {
    kind: 'sample',
    source: suite.name,
    revision: null,
    label: 'bundled sample',
  })
}

/** A file, or the file of the suite's split in a folder. */
export async function readLocal(suite: Suite, path: string): Promise<Dataset> {
  const files = await localFiles(path, suite.dataset.split)
  return dataset(suite, files, { kind: 'file', source: path, revision: null, label: basename(files[0]) })
}

/** The suite's file glob as a pattern over whole paths in the dataset's repository; `*` stays within a folder. */
export function hubPattern({ dataset: { files } }: Suite): RegExp {
  const parts = files.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^/]*')}$`)
}

/** Files of the split already fetched from the Hub, in order; `revision` is what was resolved. */
export async function readHub(suite: Suite, files: readonly string[], revision: string): Promise<Dataset> {
  const { repo } = suite.dataset
  return dataset(suite, files, { kind: 'hub', source: repo, revision, label: repo })
}

async function dataset(
  suite: Suite,
  files: readonly string[],
  from: Pick<DataOrigin, 'kind' | 'source' | 'revision'> & { label: string },
): Promise<Dataset> {
  const { split, docs: total } = suite.dataset
  const { rows, sha256 } = await readRows(files, rowShape(suite))
  const { label, ...told } = from
  const share = rows.length === total ? `all ${total}` : `${rows.length} of ${total}`
  return { rows, origin: { ...told, split, rows: rows.length, total, sha256, note: `${label}, ${share}` } }
}

function rowShape({ dataset: { columns, plaintext } }: Suite): RowShape {
  return { columns, plainText: plaintext && PLAIN_TEXT[plaintext] }
}
