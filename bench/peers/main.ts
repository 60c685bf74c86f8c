/**
 * `npm start [-- --rounds 3 --only asp,llama --model gpt2 --prompts 128,512 --device auto --output FILE]`: GPT-2 of one
 * shape and the same random weights on asp, llama.cpp and ONNX Runtime, in one run. README.md tells what is measured.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { collectEnvironment } from '../../src/record/io/environment.js'
import { measure, type Settings } from './measure.js'
import { formatNotes, formatRows, ratiosOf, verdictsOf } from './report.js'
import { ROWS, TARGETS } from './rows.js'

/** Load average above which figures are not worth keeping. */
const BUSY = 0.7

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'gpt2' },
    rounds: { type: 'string', default: '3' },
    prompts: { type: 'string', default: '128,512' },
    only: { type: 'string', default: '' },
    device: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    longest: { type: 'string', default: '15' },
    output: {
      type: 'string',
      default: fileURLToPath(new URL('../../results/peers.json', import.meta.url)),
    },
  },
})
const wanted = values.only.toLowerCase().split(',')
const rows = ROWS.filter(({ name }) => wanted.some((part) => name.toLowerCase().includes(part)))
const settings: Settings = {
  model: values.model,
  rounds: Number(values.rounds),
  prompts: values.prompts.split(',').map(Number),
  device: values.device,
  threads: Number(values.threads),
  longest: Number(values.longest),
}

const started = new Date()
const [load] = os.loadavg()
const results = await measure(rows, settings, ({ row, doing }) => {
  const seconds = Math.round((Date.now() - started.getTime()) / 1000)
  process.stderr.write(`${String(seconds).padStart(4)} s  ${row}: ${doing}\n`)
})

const ratios = ratiosOf(results)
const targets = verdictsOf(
  ratios,
  TARGETS.filter(({ row }) => rows.some(({ name }) => name === row)),
)
process.stdout.write(`${formatRows(results)}\n${formatNotes(results, targets)}\n`)
if (load > BUSY) {
  process.stdout.write(
    `The machine was busy at the start (load ${load.toFixed(1)}): measure again when it is idle\n`,
  )
}

const adapter = results.map(({ about }) => about?.adapter).find((adapter) => adapter !== undefined)
const record = {
  format: 'asp.peers/1',
  started: started.toISOString(),
  ended: new Date().toISOString(),
  settings,
  load_at_start: load,
  environment: adapter ? await collectEnvironment(adapter) : null,
  rows: results,
  ratios,
  targets,
}
await mkdir(dirname(values.output), { recursive: true })
await writeFile(`${values.output}.tmp`, `${JSON.stringify(record, null, 2)}\n`)
await rename(`${values.output}.tmp`, values.output)
process.stderr.write(`written: ${values.output}\n`)
