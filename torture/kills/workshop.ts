/** What the hurt commands work on, made once: texts, a tiny checkpoint, records to join and to show, a Hub with a full cache beside it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeInputs } from '../../scripts/same-records-cases.js'
import { asp } from '../../test/commands/asp.js'
import { testRepos } from '../../test/data/hub/fixture.js'
import { startHub } from '../../test/data/hub/server.js'
import { writeTinyModel } from '../../test/tiny-model.js'

export interface Workshop {
  /** Where commands find `../../inputs`. */
  folder: string
  hub: string
  /** A Hub's cache that holds `someone/tiny`. */
  cache: string
  close(): Promise<void>
}

const CHECKOUT = join(import.meta.dirname, '../..')
export const DEVICE = ['--device', 'cpu', '--threads', '2']

/** Pieces of a download come so many milliseconds after one another, or it would be over before it can be hurt. */
const DRIP_MS = 40

export async function openWorkshop(folder: string): Promise<Workshop> {
  const inputs = join(folder, 'inputs')
  writeInputs(CHECKOUT, inputs)
  await writeTinyModel(join(inputs, 'tiny'))
  writeFileSync(join(inputs, 'train.json'), JSON.stringify(TRAIN))
  const records = join(inputs, 'records')
  mkdirSync(records)
  for (const [name, line] of RECORDS) {
    const { status, stderr } = await asp(records, [...line.split(' '), '-o', name, '-q', ...DEVICE])
    if (status !== 0) throw new Error(`${line}: ${stderr}`)
  }
  const hub = await startHub(await testRepos())
  const cache = join(inputs, 'cache')
  const { status, stderr } = await asp(inputs, ['fetch', 'someone/tiny'], hubEnvironment(cache, hub.url))
  if (status !== 0) throw new Error(stderr)
  hub.faults = [{ at: 'store', drip: DRIP_MS }]
  return { folder, hub: hub.url, cache, close: () => hub.close() }
}

export const hubEnvironment = (cache: string, url: string): NodeJS.ProcessEnv => ({
  HF_HUB_CACHE: cache,
  HF_ENDPOINT: url,
  HF_HUB_OFFLINE: '',
})

const SHARD = 'eval piqa winogrande --data sample --limit 16 --sparsity 0.5 --shard'
const RECORDS: readonly (readonly [name: string, line: string])[] = [
  ['one.json', `${SHARD} 1/2`],
  ['two.json', `${SHARD} 2/2`],
  ['ppl.json', 'ppl --ctx 32,64 --sparsity 0,0.5 --limit 256'],
]

const TRAIN = {
  model: { layers: 1, width: 64, positions: 64, tokenizer: 'asp-tiny' },
  data: '../../inputs/text.txt',
  output: 'out',
  steps: 6,
  ctx: 32,
  batch_tokens: 128,
  rate: 0.003,
  warmup: 1,
  eval_every: 3,
  save_every: 1,
  held_out: 4,
}
