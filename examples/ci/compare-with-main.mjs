#!/usr/bin/env node
/**
 * Scores a checkpoint, compares with the record on the main branch, and ends with the exit code of `asp compare`.
 * Needs Node and nothing else: the CPU computes, the items are bundled, the record comes from git.
 *
 *   node compare-with-main.mjs             what CI does
 *   node compare-with-main.mjs --update    writes the record that is to be committed, for later runs to be compared with
 *   node compare-with-main.mjs --scored    compares what an earlier run has left, without scoring again
 *   node compare-with-main.mjs --strict    fails also if there are too few items to decide
 *
 * Arguments after these go to `asp eval`, such as --limit 20. Leaves in asp-ci/: new.json, base.json, comment.md, junit.xml.
 * What is scored and with what it is compared comes from the environment, as action.yml sets it, else from the constants below.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const { env } = process

/** What is scored, and that a runner with a GPU is to do as one without. */
const EVAL = env.ASP_CI_EVAL || 'hellaswag wikitext --data sample --sparsity 0.8 --device cpu'
/** Losses that are taken for none. */
const MARGIN = env.ASP_CI_MARGIN || 'acc=0.02,acc_norm=0.02,word_perplexity=1%'
/** Where the record lies in the repository, and the branch it is read from. */
const RECORD = env.ASP_CI_RECORD || 'asp-ci-record.json'
const MAIN = env.ASP_CI_MAIN || 'origin/main'

/** Built in this checkout, installed as a dependency, or that of the action itself. */
const ASP = [
  ...(packageName() === 'asp-eval' ? ['bin/run.js'] : []),
  'node_modules/asp-eval/bin/run.js',
  fileURLToPath(new URL('../../bin/run.js', import.meta.url)),
].find(existsSync)

const VERDICTS = { 0: 'not worse', 1: 'worse', 3: 'not comparable', 4: 'inconclusive' }

const OUT = 'asp-ci'
const OWN = ['--update', '--scored', '--strict']
const [update, scored, strict] = OWN.map((flag) => process.argv.includes(flag))
const extra = process.argv.slice(2).filter((argument) => !OWN.includes(argument))

mkdirSync(OUT, { recursive: true })
if (!scored) {
  const what = EVAL.split(/\s+/).filter((word) => word !== '')
  const output = ['--output', `${OUT}/new.json`, '--overwrite']
  const { status } = asp(['eval', ...what, ...extra, '--quiet', ...output], 'inherit')
  if (status !== 0) end(status ?? 1, 'failed')
}

if (update) {
  mkdirSync(dirname(RECORD), { recursive: true })
  copyFileSync(`${OUT}/new.json`, RECORD)
  process.stdout.write(`\n${RECORD} is written; commit it to be compared with\n`)
  process.exit(0)
}

const base = spawnSync('git', ['show', `${MAIN}:${RECORD}`], { encoding: 'utf8', maxBuffer: 2 ** 30 })
if (base.status !== 0) {
  const text = `${MAIN} has no ${RECORD} to compare with: run this script with --update and commit the file.`
  tell(`<!-- asp compare -->\n\n### asp compare: nothing to compare with\n\n${text}\n`)
  process.stdout.write(`${text}\n`)
  end(0, 'nothing to compare with')
}
writeFileSync(`${OUT}/base.json`, base.stdout)

const compared = asp(
  [
    'compare',
    ...[`${OUT}/base.json`, `${OUT}/new.json`],
    ...['--margin', MARGIN, '--junit', `${OUT}/junit.xml`, '--output-format', 'md'],
    ...(strict || env.ASP_CI_STRICT === 'true' ? ['--strict'] : []),
  ],
  'pipe',
)
// Nothing on standard output: not compared, and the line that says why is on standard error.
tell(compared.stdout || `<!-- asp compare -->\n\n### asp compare: failed\n\n    ${compared.stderr.trim()}\n`)
process.stdout.write(compared.stdout)
process.stderr.write(compared.stderr)
end(compared.status ?? 1, VERDICTS[compared.status] ?? 'failed')

function packageName() {
  return existsSync('package.json') ? JSON.parse(readFileSync('package.json', 'utf8')).name : undefined
}

function asp(argv, stdio) {
  return spawnSync(process.execPath, [ASP, ...argv], { encoding: 'utf8', stdio, maxBuffer: 2 ** 30 })
}

/** For the comment on the pull request, and the summary of the workflow's run. */
function tell(markdown) {
  writeFileSync(`${OUT}/comment.md`, markdown)
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, markdown)
}

/** For later steps of the workflow. */
function end(status, verdict) {
  if (env.GITHUB_OUTPUT) appendFileSync(env.GITHUB_OUTPUT, `verdict=${verdict}\n`)
  process.exitCode = status
  process.exit()
}
