/**
 * Runs every `*.test.ts` under test/ as a process of its own and ends with the one line `N passed, N failed`.
 * Arguments choose: a file, or a part of a path (`npm run test:only -- engine`).
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

/** Two files at a time: most of a test's wall time is start-up and waiting for the device on one core. */
const AT_ONCE = 2

/** A test file takes seconds, or minutes where a software driver compiles shaders; one that takes this long hangs. */
const TIMEOUT_MS = 300_000

interface FileResult {
  file: string
  passed: number
  failed: number
  skipped: number
  seconds: number
  output: string
  /** Why the file as a whole failed, beyond its tests. */
  fault: string | null
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

function chooseFiles(wanted: readonly string[]): string[] {
  if (wanted.length > 0 && wanted.every((path) => existsSync(path))) return [...wanted]
  return readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`)
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort()
}

function runFile(file: string): Promise<FileResult> {
  const started = performance.now()
  return new Promise((resolve) => {
    const { FORCE_COLOR: _, ...env } = process.env
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: ROOT,
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output += chunk.toString('utf8')
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('close', (code, signal) => {
      const seconds = (performance.now() - started) / 1000
      resolve({ file, seconds, output, ...judge(output, code, signal) })
    })
  })
}

/** What uvu's own summary says of the file's tests, and what the way it ended adds. */
function judge(
  output: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): Pick<FileResult, 'passed' | 'failed' | 'skipped' | 'fault'> {
  const text = stripVTControlCharacters(output)
  const sum = (label: string): number =>
    [...text.matchAll(new RegExp(`^ {2}${label}: +(\\d+)$`, 'gm'))].reduce(
      (n, [, digits]) => n + Number(digits),
      0,
    )
  const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map(sum)
  // uvu's total leaves skipped tests out
  const failedTests = total - passed
  const fault =
    signal !== null
      ? `ended by ${signal}`
      : total + skipped === 0
        ? `ran no test, exit code ${code}`
        : code !== 0 && failedTests === 0
          ? `exit code ${code} though its tests passed`
          : null
  return { passed, skipped, failed: failedTests + (fault === null ? 0 : 1), fault }
}

function describe({ file, passed, failed, skipped, seconds, output, fault }: FileResult): string {
  const counts = [`${passed} passed`, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(', ')
  const time = `${seconds.toFixed(1)} s`.padStart(8)
  if (failed === 0) return `ok   ${time}  ${file}: ${counts}\n`
  const indented = output.trimEnd().replace(/^/gm, '    ')
  return `FAIL ${time}  ${file}: ${counts}, ${failed} failed${fault === null ? '' : ` (${fault})`}\n${indented}\n`
}

async function runAll(files: readonly string[]): Promise<FileResult[]> {
  const waiting = [...files]
  const results: FileResult[] = []
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file)
      process.stdout.write(describe(result))
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

const results = await runAll(chooseFiles(process.argv.slice(2)))
const sum = (key: 'passed' | 'failed'): number => results.reduce((n, result) => n + result[key], 0)
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
if (sum('failed') > 0 || sum('passed') === 0) process.exitCode = 1
