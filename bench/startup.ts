/** How long a person waits for a command that computes nothing: whole processes of the built asp, in turns with an empty one. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from '../src/stats/basics.js'

export interface StartupRow {
  command: string
  /** Seconds from start to end of the process. */
  median: number
  best: number
  /** Medians: seconds more than a Node that does nothing. */
  overNode: number
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const RECORDS = ['plain', 'distilled'].map((name) => `results/recipe/${name}/ppl.json`)
/** The first is what the others are held against. */
const COMMANDS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ['node -e 0', ['-e', '0']],
  ['asp --help', ['bin/run.js', '--help']],
  ['asp --version', ['bin/run.js', '--version']],
  ['asp tasks', ['bin/run.js', 'tasks']],
  ['asp compare', ['bin/run.js', 'compare', ...RECORDS]],
  ['asp eval --help', ['bin/run.js', 'eval', '--help']],
]

/** Needs `npm run build`. Each round runs every command once; one round before them warms the disk's cache. */
export function benchStartup(rounds: number): StartupRow[] {
  const seconds = COMMANDS.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, [, argv]] of COMMANDS.entries()) {
      const took = timed(argv)
      if (round > 0) seconds[i].push(took)
    }
  }
  const node = median(seconds[0])
  return COMMANDS.map(([command], i) => ({
    command,
    median: median(seconds[i]),
    best: Math.min(...seconds[i]),
    overNode: median(seconds[i]) - node,
  }))
}

function timed(argv: readonly string[]): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8' })
  const took = (performance.now() - began) / 1000
  if (status === 0) return took
  throw new Error(`node ${argv.join(' ')}: exit ${status}, ${stderr.trim()}`)
}
