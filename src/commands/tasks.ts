/** `asp tasks`: the bundled suites, where their items come from, and published scores to compare with. */
import { AspCommand, together } from '../cli/base-command.js'
import { tableForm } from '../cli/flags.js'
import { type Column, left, renderGrid, right } from '../report/grid.js'
import { hasSample, readSample } from '../suites/dataset.js'
import { families, familyName } from '../suites/families.js'
import { listGroups } from '../suites/groups.js'
import { higherIsBetter } from '../suites/metrics.js'
import { RECALL_SUITES } from '../suites/recall/tasks.js'
import { listSuites, type Reference, type Suite } from '../suites/suite.js'

/** A suite as `--json` tells it; all but `bundled_sample` is from its file. */
interface SuiteListing {
  name: string
  summary: string
  version: number
  dataset: Pick<Suite['dataset'], 'repo' | 'config' | 'revision' | 'split' | 'docs'>
  /** Items that come with asp, for use without a network; null when there are none. */
  bundled_sample: number | null
  output: Suite['output']
  metrics: { name: string; higher_is_better: boolean }[]
  protocol: string
  reference: Reference[]
}

export default class Tasks extends AspCommand {
  static override summary = 'List the suites: source, split, size, metrics and published scores'
  static override examples = together([
    '<%= config.bin %> tasks',
    '<%= config.bin %> tasks --json',
    '<%= config.bin %> tasks check piqa',
  ])

  static override flags = { 'output-format': tableForm }

  async run(): Promise<SuiteListing[]> {
    const { flags } = await this.parse(Tasks)
    const listings = await Promise.all(listSuites().map(describe))
    const { form, width } = this.sheetOptions(flags['output-format'])
    const table = renderGrid(COLUMNS, folded(listings), { form, width, ruled: true })
    this.log(form === 'table' ? `${table}\n\n${explained()}` : table)
    return listings
  }
}

async function describe(suite: Suite): Promise<SuiteListing> {
  const { name, summary, version, output, protocol, reference } = suite
  const { repo, config, revision, split, docs } = suite.dataset
  const better = higherIsBetter(suite)
  return {
    name,
    summary,
    version,
    dataset: { repo, config, revision, split, docs },
    bundled_sample: hasSample(suite) ? (await readSample(suite)).rows.length : null,
    output,
    metrics: suite.metrics.map((metric) => ({ name: metric, higher_is_better: better[metric] })),
    protocol,
    reference,
  }
}

/** One row a family, `blimp (67)`, in place of its suites, which differ in a name alone. */
function folded(listings: readonly SuiteListing[]): SuiteListing[] {
  const sizes = new Map(families().map(({ name, suites }) => [name, suites.size]))
  const shown = new Map<string, SuiteListing>()
  for (const listing of listings) {
    const family = familyName(listing.name)
    const name = family === undefined ? listing.name : `${family} (${sizes.get(family)})`
    if (!shown.has(name)) shown.set(name, { ...listing, name })
  }
  return [...shown.values()]
}

const COLUMNS: readonly Column<SuiteListing>[] = [
  left('Suite', ({ name }) => name),
  left('Source', ({ dataset }) => dataset.repo),
  left('Split', ({ dataset }) => dataset.split),
  right('Items', ({ dataset }) => String(dataset.docs ?? '-')),
  right('Bundled', ({ bundled_sample }) => String(bundled_sample ?? '-')),
  left('Metrics', ({ metrics }) =>
    metrics.map(({ name, higher_is_better }) => `${name} ${higher_is_better ? '↑' : '↓'}`).join('\n'),
  ),
  left('Published, unpruned', ({ reference }) => reference.map(published).join('\n')),
]

const explained = (): string =>
  `Bundled: items that come with asp and are used where the Hub cannot be reached.
Published: zero-shot scores of unpruned models on the whole split; (?) medium and (??) low trust.
A family's row stands for its suites, as many as it says: docs are of each, asp tasks --json lists them.
Groups: ${listGroups()
    .filter(({ of }) => of === undefined)
    .map(({ name, summary }) => `${name}, ${lowerFirst(summary)}`)
    .join('; ')}.
Made for the model, by docs/recall.md: ${RECALL_SUITES.join(', ')}.
Sources: asp tasks --json. Check that requests are right: asp tasks check <suite>. Run one: asp eval hellaswag --sparsity 0.8`

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const TRUST_MARKS: Record<Reference['trust'], string> = { high: '', medium: ' (?)', low: ' (??)' }

function published({ model, metric, value, trust }: Reference): string {
  return `${model} ${metric} ${value.toFixed(4)}${TRUST_MARKS[trust]}`
}
