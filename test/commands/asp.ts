/** `asp` as a person runs it: a process of its own in a folder of its own, away from the network and the Hub's cache. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

/** The built command starts in a third of the time; it stands for the sources while nothing in them is newer. */
export const COMMAND = path(isBuilt() ? 'bin/run.js' : 'bin/dev.js')

function isBuilt(): boolean {
  const built = statSync(path('dist/commands/eval.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(path('src'), { recursive: true, encoding: 'utf8' }).map((name) => `src/${name}`)
  return ['package.json', 'tsconfig.build.json', 'src', ...sources].every(
    (name) => statSync(path(name)).mtimeMs < built,
  )
}

export interface Outcome {
  status: number | null
  stdout: string
  /** Without the warnings that Dawn itself writes about a driver. */
  stderr: string
}

export interface RunningAsp {
  child: ChildProcess
  ended: Promise<Outcome>
  /** What was written to standard error so far. */
  stderr(): string
}

const DAWN_WARNING = /^Warning: .* artificially reduced from .*\n/gm

/** Starts `asp` in `folder`; `environment` adds to a clean one, `input` is its standard input. */
export function startAsp(
  folder: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input = '',
): RunningAsp {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(FORCE_COLOR|HF_.*|TRANSFORMERS_OFFLINE|.*_PROXY|CI)$/i.test(name),
    ),
  )
  const child = spawn(process.execPath, [COMMAND, ...argv], {
    cwd: folder,
    env: { ...inherited, HF_HUB_OFFLINE: '1', HF_HOME: join(folder, '.hub'), ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 120_000,
  })
  // Closed by a child that does not read it.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      resolve({ status, stdout: said.stdout, stderr: said.stderr.replace(DAWN_WARNING, '') })
    })
  })
  return { child, ended, stderr: () => said.stderr }
}

export function asp(
  folder: string,
  argv: readonly string[],
  environment?: NodeJS.ProcessEnv,
  input?: string,
): Promise<Outcome> {
  return startAsp(folder, argv, environment, input).ended
}

/** A folder of the test file's own, gone when the file ends. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'asp-command-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Resolves once `condition` holds; an Error when it does not within a minute. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 60_000) throw new Error(`waited a minute for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Names in a folder, none when it does not exist. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
