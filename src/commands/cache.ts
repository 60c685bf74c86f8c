/** `asp cache`: what the Hub's cache holds. */
import { AspCommand, together } from '../cli/base-command.js'
import { tableForm } from '../cli/flags.js'
import { type CachedRepo, listCache } from '../data/hub/inventory.js'
import { hubSettings } from '../data/hub/settings.js'
import { formatBytes } from '../report/format.js'
import { type Column, left, renderGrid, right } from '../report/grid.js'

interface CacheReport {
  folder: string
  bytes: number
  repos: CachedRepo[]
}

export default class Cache extends AspCommand {
  static override summary = 'List the models and datasets that are stored on this machine'
  static override description =
    "The cache is shared with Python's huggingface_hub: everything in it is listed, whoever fetched it. HF_HOME or " +
    'HF_HUB_CACHE sets its folder.'
  static override examples = together([
    '<%= config.bin %> cache',
    '<%= config.bin %> cache clear gpt2 hellaswag',
  ])

  static override flags = { 'output-format': tableForm }

  async run(): Promise<CacheReport> {
    const { flags } = await this.parse(Cache)
    const { form, width } = this.sheetOptions(flags['output-format'])
    const { cacheFolder } = hubSettings()
    const repos = await listCache(cacheFolder)
    const bytes = repos.reduce((sum, repo) => sum + repo.bytes, 0)
    this.log(
      repos.length === 0 && form === 'table'
        ? `Nothing is stored in ${cacheFolder}`
        : renderGrid(COLUMNS, repos, { form, width, ruled: true }),
    )
    if (repos.length > 0 && form === 'table')
      this.log(`\n${formatBytes(bytes)} in ${cacheFolder}\nRemove some: asp cache clear <name>...`)
    return { folder: cacheFolder, bytes, repos }
  }
}

const perRevision =
  (text: (revision: CachedRepo['revisions'][number]) => string) =>
  ({ revisions }: CachedRepo): string =>
    revisions.map(text).join('\n')

const COLUMNS: readonly Column<CachedRepo>[] = [
  left('Repository', ({ name }) => name),
  left('Type', ({ type }) => type),
  left(
    'Commit',
    perRevision(({ commit }) => commit.slice(0, 12)),
  ),
  left(
    'Stands for',
    perRevision(({ refs }) => refs.join(', ')),
  ),
  right(
    'Files',
    perRevision(({ files }) => String(files)),
  ),
  right('Size', ({ bytes, incompleteBytes }) => {
    const incomplete = incompleteBytes > 0 ? `\n(${formatBytes(incompleteBytes)} incomplete)` : ''
    return `${formatBytes(bytes)}${incomplete}`
  }),
  left('Last used', ({ lastUsed }) => lastUsed.toISOString().slice(0, 10)),
]
