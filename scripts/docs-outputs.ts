/**
 * Long outputs in README.md and docs/ are what their commands print: runs each command that a comment names (page-outputs.ts) and
 * writes the block below it anew. `--only PAGE` takes one page; `--check` writes nothing and lists the blocks that have other lines
 * than the command prints, figures aside. Needs a built asp; each page has a folder of its own, without the Hub.
 *   npm run docs:outputs -- [--only docs/drops.md] [--check]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Output, outputsOf, sameShape, withOutputs, wordsOf } from './page-outputs.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Pages that may have such blocks, named from the top of the repository. */
export const pages = (): string[] => [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...['examples', 'results', 'suites'].map((folder) => `${folder}/README.md`),
]

/** Standard output, as in a pipe: as wide as it needs, without colours. */
function run(command: string, folder: string): string {
  const kept = Object.entries(process.env).filter(([name]) => !/^(FORCE_COLOR|COLUMNS|CI|HF_.*)$/.test(name))
  const env = { ...Object.fromEntries(kept), HF_HUB_OFFLINE: '1', HF_HOME: join(folder, '.hub') }
  const argv = [join(ROOT, 'bin/run.js'), ...wordsOf(command)]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}\nexit code ${status}: ${stderr.trim().split('\n').at(-1)}`)
  return stdout
}

function printedBy({ command, after }: Output, folder: string): string {
  for (const one of after) run(one, folder)
  return run(command, folder)
}

/** Returns the commands whose block has another shape. */
function renew(page: string, check: boolean): string[] {
  const file = join(ROOT, page)
  const text = readFileSync(file, 'utf8')
  const outputs = outputsOf(text)
  const folder = mkdtempSync(join(tmpdir(), 'asp-docs-'))
  try {
    const printed = outputs.map((output) => printedBy(output, folder))
    if (!check) writeFileSync(file, withOutputs(text, printed))
    return outputs.filter(({ shown }, i) => !sameShape(shown, printed[i])).map(({ command }) => command)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { only: { type: 'string' }, check: { type: 'boolean' } } })
  const { only, check = false } = values
  const chosen = pages().filter((page) => only === undefined || page === only || page === `docs/${only}.md`)
  if (chosen.length === 0) throw new Error(`--only: must be one of ${pages().join(', ')}, got ${only}`)
  for (const page of chosen) {
    const changed = renew(page, check)
    for (const command of changed)
      process.stdout.write(`${page}: ${check ? 'other lines than' : 'new lines of'} ${command}\n`)
    if (check && changed.length > 0) process.exitCode = 1
  }
}
