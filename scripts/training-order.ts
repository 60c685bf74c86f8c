/** `node --import tsx scripts/training-order.ts <train-log.jsonl> <steps>`: the windows of a training's first steps as JSON, for scripts/compare-training.py. */
import { readFileSync } from 'node:fs'
import { windowOrder } from '../src/train/schedule.js'

const [log, steps] = process.argv.slice(2)
const { options, data } = JSON.parse(readFileSync(log, 'utf8').split('\n')[0])
const order = windowOrder({
  seed: options.seed,
  windows: data.windows,
  sequences: options.batch_tokens / options.ctx,
})
process.stdout.write(JSON.stringify(Array.from({ length: Number(steps) }, (_, step) => order(step))))
