/** A program in Python that computes the same thing on request, so that both can be timed in turns in one run. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Rival {
  /** What computes, as it says itself. */
  library: string
  /** Seconds, by its own clock, of what `request` asks for. */
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
  return {
    library: String(library),
    async time(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return Number((await next()).seconds)
    },
    close: () => child.stdin.end(),
  }
}
