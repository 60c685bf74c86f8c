/**
 * `node --import tsx scripts/rooms.ts`: who may import whom in src/. Prints each import that the table below does not allow, and
 * exits with 1 where there is one. Cycles are Biome's to find (noImportCycles).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Open to every room. */
const EVERYWHERE = ['errors', 'json', 'stats']

/**
 * What the files of a room may import beside their own room and `EVERYWHERE`: rooms, or single files of one. From the ground up; a
 * room stands below all that it imports.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  json: [],
  stats: [],
  engine: [],
  device: ['engine/compute/device', 'engine/cpu'],
  data: ['engine/activation', 'engine/gpt2/config', 'engine/half', 'engine/tensor-source'],
  record: [],
  suites: ['data', 'record'],
  run: ['data', 'engine', 'record'],
  pruning: ['data', 'engine', 'record', 'run'],
  eval: ['data', 'engine', 'pruning', 'record', 'run', 'suites'],
  ppl: ['data', 'engine', 'pruning', 'record', 'run'],
  bench: ['data', 'engine', 'pruning', 'record', 'run'],
  generate: ['data', 'engine', 'pruning', 'record', 'run'],
  drops: ['data', 'engine', 'eval', 'pruning', 'record', 'run', 'suites'],
  train: ['data', 'engine', 'eval', 'ppl', 'pruning', 'record', 'run'],
  sweep: ['bench', 'data', 'engine', 'eval', 'ppl', 'pruning', 'record', 'run', 'suites'],
  compare: ['record'],
  report: ['record'],
  cli: ['data', 'device', 'engine', 'pruning', 'record', 'report', 'run', 'suites', 'sweep', 'train'],
  commands: ['*'],
}

export interface Refused {
  file: string
  /** As written. */
  imported: string
  room: string
}

const IMPORTS = /\b(?:from|import)\s*\(?\s*'(?<path>\.[^']+)'/g

/** @param file below src/, with forward slashes */
export function refusedImports(file: string, text: string): Refused[] {
  const room = roomOf(file)
  const allowed = [room, ...EVERYWHERE, ...(ROOMS[room] ?? [])]
  return [...text.matchAll(IMPORTS)].flatMap(({ groups }) => {
    const imported = groups?.path ?? ''
    const target = posix.join(posix.dirname(file), imported).replace(/\.[jt]s$/, '')
    const isAllowed = allowed.some((one) => one === '*' || target === one || target.startsWith(`${one}/`))
    return isAllowed ? [] : [{ file, imported, room }]
  })
}

/** The folder in src/; of a file beside the folders, its name. */
export const roomOf = (file: string): string => file.split('/')[0].replace(/\.ts$/, '')

function main(): void {
  const src = join(dirname(fileURLToPath(import.meta.url)), '..', 'src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.as.ts'))
  const refused = files.flatMap((file) => refusedImports(file, readFileSync(join(src, file), 'utf8')))
  for (const { file, imported, room } of refused)
    process.stderr.write(
      `src/${file}: ${room} may not import ${imported} (docs/architecture.md, Who may import whom)\n`,
    )
  if (refused.length > 0) process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
