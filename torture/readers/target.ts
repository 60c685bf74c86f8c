/** What a reader is to the harness: files that it takes, one of which is changed, and a call that reads them. */
import type { Form } from './mutate.js'

export interface Case {
  /** All files that the reader gets, by their names in a folder. */
  files: Readonly<Record<string, Uint8Array | string>>
  /** The one that is changed. */
  changed: string
  form: Form
}

/** What became of a file that was read. */
export interface Reading {
  /** Tables, pages and exports made of it, as they are printed or written. */
  shown?: readonly string[]
  /** What the checks promise to be as it was, wherever the file is taken at all. */
  figures?: unknown
}

export interface Target {
  /** What is read, and by whom: `sample log: merge`. */
  name: string
  /** Of several that are one row of the table: what that row is called. */
  row?: string
  cases(): Promise<readonly Case[]> | readonly Case[]
  /**
   * @param folder with the files of a case
   * @param changed the one of them that was changed
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most readers have nothing to show
  read(folder: string, changed: string): Promise<Reading | void> | Reading | void
  /** Takes bytes that are no UTF-8 where text must be: in a part of the file that it does not look at. */
  lenient?: boolean
  /** What is wrong with the figures of a file that was taken, given those of the file as it was; null where nothing is. */
  compare?(figures: unknown, original: unknown): string | null
}
