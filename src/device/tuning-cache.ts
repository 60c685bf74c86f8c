/** What tuning runs have found, kept under asp's cache folder: one JSON file for each adapter, driver and set of kernels. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseJson } from '../json.js'
import type { AdapterReport } from './adapter-report.js'
import { cacheFolder } from './cache-folder.js'

/** The file for an adapter; `kernels` changes with the kernels that are chosen from. */
export function tuningFile(adapter: AdapterReport, kernels: string, cache = cacheFolder()): string {
  const { name, vendor, architecture, driver, backend, dawn, features } = adapter
  const identity = [name, vendor, architecture, driver, backend, dawn, features, kernels]
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)
  return join(cache, 'tuning', `${key}.json`)
}

/** What was kept, or undefined when there is nothing that can be read. */
export async function readTuning(file: string): Promise<unknown> {
  try {
    return parseJson(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** Keeps a value, whole or not at all; where the cache cannot be written, the next run will tune again. */
export async function keepTuning(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(temporary, `${JSON.stringify(value)}\n`)
    await rename(temporary, file)
  } catch {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

export async function forgetTuning(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => {})
}
