/** One run of a command in a folder of its own, ended from outside in one of six ways at a given moment. */
import { type FSWatcher, mkdirSync, watch } from 'node:fs'
import { startAsp } from '../../test/commands/asp.js'
import { type Life, type Moment, plainName } from './moments.js'

export const WAYS = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGINT twice', 'closed stdout'] as const
export type Way = (typeof WAYS)[number]

export interface Ended {
  status: number | null
  /** That ended the process where it did not end by itself. */
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Whether the process was still there at the moment. */
  hit: boolean
}

export interface Hurt {
  way: Way
  moment: Moment
  /** Milliseconds between the two of a double Ctrl-C. */
  between: number
}

/** A command is given up after so long: nothing here takes more than some seconds. */
const HANGS_MS = 60_000

export async function runAlone(
  folder: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Ended & Life> {
  const changes: string[] = []
  const watcher = watchChanges(folder, (name) => changes.push(name))
  const began = performance.now()
  const ended = await end(folder, argv, environment, () => undefined)
  const milliseconds = performance.now() - began
  watcher.close()
  return { ...ended, milliseconds, changes }
}

export async function runHurt(
  folder: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  { way, moment, between }: Hurt,
): Promise<Ended> {
  let count = 0
  let timer: NodeJS.Timeout | undefined
  let strike = (): void => undefined
  const later = (milliseconds: number): void => {
    if (milliseconds === 0) strike()
    else timer = setTimeout(() => strike(), milliseconds)
  }
  // There before the process is, or its first file would go by unseen.
  const watcher =
    moment.kind === 'time'
      ? null
      : watchChanges(folder, (name) => {
          if (name === moment.name && ++count === moment.count) later(moment.pause)
        })
  const ended = await end(folder, argv, environment, (hit) => {
    strike = () => hit(way, between)
    if (moment.kind === 'time') later(moment.milliseconds)
  })
  clearTimeout(timer)
  watcher?.close()
  return ended
}

async function end(
  folder: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  arm: (hit: (way: Way, between: number) => void) => void,
): Promise<Ended> {
  const { child, ended } = startAsp(folder, argv, environment)
  let wasThere = false
  arm((way, between) => {
    wasThere = child.exitCode === null && child.signalCode === null
    if (way === 'closed stdout') child.stdout?.destroy()
    else if (way === 'SIGINT twice') {
      child.kill('SIGINT')
      setTimeout(() => child.kill('SIGINT'), between)
    } else child.kill(way)
  })
  const hangs = setTimeout(() => child.kill('SIGABRT'), HANGS_MS)
  const { status, stdout, stderr } = await ended
  clearTimeout(hangs)
  return { status, signal: child.signalCode, stdout, stderr, hit: wasThere }
}

function watchChanges(folder: string, onChange: (name: string) => void): FSWatcher {
  mkdirSync(folder, { recursive: true })
  return watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null) onChange(plainName(name))
  })
}
