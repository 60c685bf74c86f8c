/** `asp cache clear`: removes repositories from the Hub's cache, after asking. */
import { createInterface } from 'node:readline/promises'
import { Args, Flags } from '@oclif/core'
import { AspCommand, together } from '../../cli/base-command.js'
import { type CachedRepo, listCache, removeRepo } from '../../data/hub/inventory.js'
import { hubSettings } from '../../data/hub/settings.js'
import { hubModel } from '../../data/model.js'
import { Failure } from '../../errors.js'
import { formatBytes } from '../../report/format.js'
import { listGroups } from '../../suites/groups.js'
import { loadSuite, suiteNames } from '../../suites/suite.js'

interface ClearReport {
  folder: string
  removed: CachedRepo[]
  bytes: number
}

export default class CacheClear extends AspCommand {
  static override summary = 'Remove stored models and datasets: those that are named, or all'
  static override description =
    "The cache is shared with Python's huggingface_hub: without names, what other programs fetched is removed too."
  static override examples = together([
    '<%= config.bin %> cache clear gpt2 hellaswag',
    '<%= config.bin %> cache clear datasets--Rowan--hellaswag --yes',
  ])
  static override strict = false
  static override args = {
    names: Args.string({
      ignoreStdin: true,
      description: 'owner/name, names of suites or models, or folders as asp cache --json shows them',
    }),
  }
  static override flags = {
    yes: Flags.boolean({ summary: 'do not ask', char: 'y' }),
  }

  async run(): Promise<ClearReport> {
    const { argv, flags } = await this.parse(CacheClear)
    const { cacheFolder } = hubSettings()
    const repos = await listCache(cacheFolder)
    const chosen = argv.length === 0 ? repos : chooseRepos(argv as string[], repos)
    const bytes = chosen.reduce((sum, repo) => sum + repo.bytes, 0)
    if (chosen.length === 0) this.log(`Nothing is stored in ${cacheFolder}`)
    else if (flags.yes || (await confirm(chosen, bytes))) {
      for (const repo of chosen) await removeRepo(cacheFolder, repo)
      this.log(`Removed ${chosen.map(label).join(', ')}: ${formatBytes(bytes)}`)
    } else {
      this.log('Nothing was removed')
      return { folder: cacheFolder, removed: [], bytes: 0 }
    }
    return { folder: cacheFolder, removed: chosen, bytes }
  }
}

/** Failure: a name that is not in the cache, or that a model and a dataset share. */
function chooseRepos(names: readonly string[], repos: readonly CachedRepo[]): CachedRepo[] {
  const chosen = names.flatMap((name) => {
    const wanted = meanings(name)
    const found = repos.filter((repo) => repo.folder === name || wanted.some((want) => isMeant(repo, want)))
    if (found.length === 0) {
      throw new Failure(`${name}: is not in the cache`, { hint: 'asp cache lists what is' })
    }
    const clash = found.find(({ name, type }) =>
      found.some((other) => other.name === name && other.type !== type),
    )
    if (clash === undefined) return found
    throw new Failure(`${name}: is the name of a ${found.map(({ type }) => type).join(' and of a ')}`, {
      hint: `give the folder: ${found.map(({ folder }) => folder).join(' or ')}`,
    })
  })
  return repos.filter((repo) => chosen.includes(repo))
}

interface Meaning {
  name: string
  type?: CachedRepo['type']
}

/** A suite stands for its dataset, a short name for its model. */
function meanings(name: string): Meaning[] {
  const group = listGroups().find((each) => each.name === name)
  const suites = group?.suites ?? (suiteNames().includes(name) ? [name] : [])
  if (suites.length > 0)
    return suites.map((suite) => ({ name: loadSuite(suite).dataset.repo, type: 'dataset' }))
  const model = hubModel(name)
  return [{ name }, ...(model === null ? [] : [{ name: model.name }])]
}

function isMeant(repo: CachedRepo, { name, type }: Meaning): boolean {
  return repo.name === name && (type === undefined || repo.type === type)
}

async function confirm(repos: readonly CachedRepo[], bytes: number): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new Failure('cache clear: must be confirmed, but this is not a terminal', {
      hint: `add --yes to remove ${repos.map(label).join(', ')}: ${formatBytes(bytes)}`,
    })
  }
  const lines = repos.map((repo) => `  ${label(repo)}, ${formatBytes(repo.bytes)}\n`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${lines.join('')}Remove ${formatBytes(bytes)}? [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

const label = ({ type, name }: CachedRepo): string => `${type} ${name}`
