/** Tries in processes of their own, one at a time: a try that hangs or ends its process is counted, and the next one goes on. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Form } from './mutate.js'
import { HARNESS, type Order, type Report } from './order.js'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** Milliseconds on the clock after which a try hangs; what its processor time may be is checked when it ends. */
const HANGS = 25_000

export interface Tried {
  number: number
  fault: string | null
  /** What the file was; null where the process ended before it said so. */
  form: Form | null
}

/**
 * @param onTried called for every try, in order
 * @param onSmallest given the smallest file that breaks what a try alone broke
 * @throws Error where a process cannot begin a try at all: that is the harness's own fault
 */
export async function runTries(
  order: Order,
  onTried: (tried: Tried) => void,
  onSmallest?: (file: string) => void,
): Promise<void> {
  let left = order.tries
  while (left.length > 0) {
    const done = await oneChild({ ...order, tries: left }, onTried, onSmallest)
    if (done === 0)
      throw new Error('the process of the readers ended before its first try; its error is above')
    left = left.slice(done)
  }
}

/** Goes on until the process ends. @returns how many tries that were */
function oneChild(
  order: Order,
  onTried: (tried: Tried) => void,
  onSmallest?: (file: string) => void,
): Promise<number> {
  const child = fork(CHILD, [], {
    execArgv: ['--max-old-space-size=1500', ...process.execArgv],
    env: { ...process.env, HF_HUB_OFFLINE: '1', HF_HOME: `${order.folder}/.hub`, NO_COLOR: '1' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let done = 0
    let under: number | null = null
    let isHanging = false
    let timer: NodeJS.Timeout | undefined
    const ended = (number: number, fault: string | null, form: Form | null = null): void => {
      clearTimeout(timer)
      under = null
      done++
      onTried({ number, fault, form })
    }
    child.on('message', (report: Report) => {
      if ('began' in report) {
        under = report.began
        timer = setTimeout(() => {
          isHanging = true
          child.kill('SIGKILL')
        }, HANGS)
        return
      }
      if ('smallest' in report) return onSmallest?.(report.smallest)
      ended(report.ended, report.fault, report.form)
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === HARNESS) return reject(new Error("the harness's own fault; its error is above"))
      const how = isHanging
        ? `hangs: no end within ${HANGS / 1000} s`
        : `the process ended (${signal ?? code})`
      if (under !== null) ended(under, how)
      clearTimeout(timer)
      resolve(done)
    })
    child.send(order)
  })
}
