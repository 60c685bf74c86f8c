/** Suites as JSON, of the Hub and of one's own, with the items that they are asked of. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadExamples } from '../../../src/suites/example.js'
import { readDocuments } from '../../../src/suites/source.js'
import { loadSuite, SUITES } from '../../../src/suites/suite.js'
import type { Case, Target } from '../target.js'

const ROWS = fileURLToPath(new URL('../../../test/fixtures/suites/rows/', import.meta.url))

const suite = (name: string): string => readFileSync(join(SUITES, `${name}.json`), 'utf8')
const rows = (name: string): string =>
  readFileSync(join(ROWS, `${name}.jsonl`), 'utf8')
    .split('\n')
    .slice(0, 4)
    .join('\n')

/** The same with its items in a file beside it. */
function own(name: string): Case {
  const { golden: _golden, dataset, ...rest } = JSON.parse(suite(name))
  const { columns, split } = dataset
  const json = JSON.stringify({
    ...rest,
    name: `own-${name}`,
    dataset: { path: 'rows.jsonl', columns, split },
  })
  return { files: { 'own.json': json, 'rows.jsonl': rows(name) }, changed: 'own.json', form: 'json' }
}

const OWN = ['hellaswag', 'lambada_openai', 'piqa', 'winogrande']
const BUNDLED = ['copa', 'wikitext', 'arc_easy', 'boolq']

const read: Target['read'] = async (folder, changed) => {
  const { suites, datasets } = await readDocuments([loadSuite(join(folder, changed))], {})
  for (const [i, one] of suites.entries()) loadExamples(one, datasets[i].rows.slice(0, 4))
}

export const SUITE_FILES: readonly Target[] = [
  { name: 'suites: with items beside them', cases: () => OWN.map(own), read },
  {
    name: 'suites: with items of the Hub',
    cases: () =>
      BUNDLED.map((name) => ({ files: { 'x.json': suite(name) }, changed: 'x.json', form: 'json' })),
    read,
  },
]
