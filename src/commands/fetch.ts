/** `asp fetch`: models and datasets into the Hub's cache, for a machine that will have no network. */
import { Args, Flags } from '@oclif/core'
import { AspCommand, together } from '../cli/base-command.js'
import * as shared from '../cli/flags.js'
import { createProgress, type Progress } from '../cli/progress.js'
import { describeError } from '../cli/report-error.js'
import type { FetchProgress } from '../data/hub/hub.js'
import { EXIT, Failure } from '../errors.js'
import { formatBytes } from '../report/format.js'
import { type Fetched, fetchTarget, planTargets, type Target } from '../suites/fetch.js'

interface FetchReport {
  fetched: Fetched[]
  /** What needs no fetching. */
  local: { target: string; why: string }[]
  failed: { target: string; error: string; hint: string | null }[]
}

export default class Fetch extends AspCommand {
  static override summary = 'Fetch models and datasets from the Hub, to use them without a network later'
  static override description =
    "Downloads go to the cache that Python's huggingface_hub uses too (HF_HOME). Complete files are not fetched again, " +
    'and interrupted downloads are resumed. With HF_HUB_OFFLINE=1 nothing is fetched, and what is missing is listed.'
  static override examples = together([
    '<%= config.bin %> fetch gpt2 hellaswag piqa',
    '<%= config.bin %> fetch paper openai-community/gpt2-xl@main',
    'HF_HUB_OFFLINE=1 <%= config.bin %> fetch gpt2 all',
  ])
  static override strict = false
  static override args = {
    targets: Args.string({
      ignoreStdin: true,
      description: 'Hub ids of models, names, groups or globs of suites (see asp tasks), suite files',
      required: true,
    }),
  }
  static override flags = {
    revision: shared.revision,
    fewshot: Flags.boolean({
      summary: 'fetch the few-shot splits as well',
      default: true,
      allowNo: true,
    }),
    quiet: shared.quiet,
  }

  async run(): Promise<FetchReport> {
    const { argv, flags } = await this.parse(Fetch)
    const targets = planTargets(argv as string[], flags.revision)
    const progress = await createProgress({ quiet: flags.quiet })
    const report: FetchReport = { fetched: [], local: [], failed: [] }
    for (const target of targets) {
      if (target.kind === 'local') {
        report.local.push({ target: target.name, why: target.why })
        this.log(`${target.name}: ${target.why}, nothing to fetch`)
      } else await this.#fetch(target, flags.fewshot, progress, report)
    }
    if (report.failed.length > 0 && targets.length > 1) {
      process.stderr.write(`${report.failed.length} of ${targets.length} failed\n`)
    }
    return report
  }

  /** One that fails is reported and counted; the others are still fetched. */
  async #fetch(
    target: Exclude<Target, { kind: 'local' }>,
    fewshot: boolean,
    progress: Progress,
    report: FetchReport,
  ): Promise<void> {
    progress.start(`Fetching ${target.name}`)
    try {
      const fetched = await fetchTarget(target, { fewshot, onProgress: showFetch(progress) })
      progress.stop()
      report.fetched.push(fetched)
      this.log(format(fetched))
    } catch (error) {
      progress.stop()
      if (!(error instanceof Failure)) throw error
      report.failed.push({ target: target.name, error: error.message, hint: error.hint ?? null })
      // Not thrown: the others are to be fetched, and under --json the report is to be printed.
      process.stderr.write(`${describeError(error).line}\n`)
      process.exitCode = process.exitCode === EXIT.failed ? EXIT.failed : error.exit
    }
  }
}

/** One bar a repository; the file and what is waited for stand behind the figures. */
function showFetch(progress: Progress): (event: FetchProgress) => void {
  let shown = ''
  return ({ repo, file, done, total, note }) => {
    const key = `${repo} ${total}`
    if (total > 0 && key !== shown) {
      shown = key
      progress.start(`Fetching ${repo}`, total, 'bytes')
    }
    progress.update(done, note === undefined ? file : `${file}, ${note}`)
  }
}

function format({
  target,
  type,
  repo,
  revision,
  commit,
  folder,
  files,
  bytes,
  new_bytes,
  note,
}: Fetched): string {
  const what = target === repo ? `${type} ${repo}` : `${target}: ${type} ${repo}`
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`
  const fresh = new_bytes === 0 ? 'all cached before' : `${formatBytes(new_bytes)} of it new`
  const lines = [
    what,
    `  commit  ${commit}${revision === commit ? '' : ` (${revision})`}`,
    `  stored  ${formatBytes(bytes)} in ${count}, ${fresh}`,
    `  folder  ${folder}`,
  ]
  if (note !== null) lines.push(`  items   ${note}`)
  return lines.join('\n')
}
