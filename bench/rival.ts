/** A program in Python that computes the same thing on request, so that both can be timed in turns in one run. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Threads of OpenBLAS and OpenMP go on spinning for a while after their work, on the cores that asp's turn needs. */
const COOLING_MS = 400

export interface Rival {
  /** What computes, as it says itself. */
  library: string
  /** What it answers to a request: `seconds`, by its own clock, and more. */
  answer(request: object): Promise<Readonly<Record<string, unknown>>>
  /** The seconds of an answer. */
  time(request: object): Promise<number>
  close(): void
}

/** @param script a file of bench/python */
export async function startRival(
  python: string,
  script: string,
  args: readonly (string | number)[],
): Promise<Rival> {
  // Set on some machines for the sake of old builds, they hold new ones back.
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env
  const file = fileURLToPath(new URL(`python/${script}`, import.meta.url))
  const child = spawn(python, [file, ...args.map(String)], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${script}: ended with code ${child.exitCode}`)
    return JSON.parse(value) as Record<string, unknown>
  }
  const { library } = await next()
  const ask = async (request: object): Promise<Record<string, unknown>> => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    const answer = await next()
    await setTimeout(COOLING_MS)
    return answer
  }
  return {
    library: String(library),
    answer: ask,
    time: async (request) => Number((await ask(request)).seconds),
    close: () => child.stdin.end(),
  }
}
