/** The bundled scripts of pages as the sources have them now: `npm run build:client` where they are older. */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url))

const newest = (folder: string): number => Math.max(...timesIn(folder))
const oldest = (folder: string): number => Math.min(...timesIn(folder))

/** Call before a page is rendered from the sources. */
export function buildClient(): void {
  // What scripts import of the rest, they import from report and record.
  const changed = Math.max(newest('src/report'), newest('src/record'))
  if (oldest('dist/report/client') > changed) return
  const { status, stderr } = spawnSync('npm', ['run', 'build:client'], { cwd: path('.'), encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm run build:client: ${stderr}`)
}

/** When files were written; a folder that is not there has none, and is older than anything. */
function timesIn(folder: string): number[] {
  try {
    return readdirSync(path(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => statSync(`${parentPath}/${name}`).mtimeMs)
  } catch {
    return [0]
  }
}
