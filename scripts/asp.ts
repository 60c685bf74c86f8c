/** `asp` as a command of its own, as a script calls it: on the CPU, its output passed on; the script ends when it fails. */
import { spawnSync } from 'node:child_process'

export function asp(line: string, threads: string): void {
  const words = `${line} --device cpu --threads ${threads}`.split(' ').filter((word) => word !== '')
  process.stdout.write(`asp ${words.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, ['bin/run.js', ...words], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
