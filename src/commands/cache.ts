/** `asp cache`: what the Hub's cache holds. */
import Table from 'cli-table3'
import { AspCommand, together } from '../cli/base-command.js'
import { type CachedRepo, listCache } from '../data/hub/inventory.js'
import { hubSettings } from '../data/hub/settings.js'
import { formatBytes } from '../report/format.js'

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

  async run(): Promise<CacheReport> {
    await this.parse(Cache)
    const { cacheFolder } = hubSettings()
    const repos = await listCache(cacheFolder)
    const bytes = repos.reduce((sum, repo) => sum + repo.bytes, 0)
    this.log(repos.length === 0 ? `Nothing is stored in ${cacheFolder}` : format(repos))
    if (repos.length > 0)
      this.log(`\n${formatBytes(bytes)} in ${cacheFolder}\nRemove some: asp cache clear <name>...`)
    return { folder: cacheFolder, bytes, repos }
  }
}

function format(repos: readonly CachedRepo[]): string {
  const table = new Table({
    head: ['Repository', 'Type', 'Commit', 'Stands for', 'Files', 'Size', 'Last used'],
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  })
  for (const { name, type, revisions, bytes, incompleteBytes, lastUsed } of repos) {
    const perRevision = (text: (revision: CachedRepo['revisions'][number]) => string): string =>
      revisions.map(text).join('\n')
    const incomplete = incompleteBytes > 0 ? `\n(${formatBytes(incompleteBytes)} incomplete)` : ''
    table.push([
      name,
      type,
      perRevision(({ commit }) => commit.slice(0, 12)),
      perRevision(({ refs }) => refs.join(', ')),
      perRevision(({ files }) => String(files)),
      `${formatBytes(bytes)}${incomplete}`,
      lastUsed.toISOString().slice(0, 10),
    ])
  }
  return table.toString()
}
