/** `asp` as the scripts call it that train and measure: on the CPU, its output passed on; the script ends when it fails. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'

/** What every such script is told: start and texts, where trainings and their records go, and which of its runs to make. */
export const RUN_FLAGS = {
  start: { type: 'string', default: 'models/asp-recall-dense' },
  data: { type: 'string' },
  'eval-data': { type: 'string' },
  work: { type: 'string', default: 'runs' },
  threads: { type: 'string', default: '2' },
  only: { type: 'string' },
} as const

export function asp(line: string, threads: string): void {
  const words = `${line} --device cpu --threads ${threads}`.split(' ').filter((word) => word !== '')
  process.stdout.write(`asp ${words.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, ['bin/run.js', ...words], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

interface Texts {
  start: string
  data?: string
  'eval-data'?: string
  threads: string
}

/** Trains, or goes on with what was stopped, unless `results` has it; then `files` of the checkpoint are copied there. */
export function train(
  { start, data, 'eval-data': evalData, threads }: Texts,
  flags: string,
  { checkpoint, results }: { checkpoint: string; results: string },
  files: readonly string[],
): void {
  if (existsSync(join(results, 'train.json'))) return
  const again = existsSync(join(checkpoint, 'checkpoints')) ? '--resume' : ''
  if (!existsSync(join(checkpoint, 'train.json')))
    asp(
      `finetune --model ${start} --data ${data} --eval-data ${evalData} ${flags} --output ${checkpoint} ${again}`,
      threads,
    )
  for (const file of files) copyFileSync(join(checkpoint, file), join(results, file))
}
