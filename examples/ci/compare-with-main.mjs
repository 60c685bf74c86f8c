#!/usr/bin/env node
/**
 * Scores the bundled checkpoint, compares with the record on the main branch, and ends with the exit code of `asp compare`.
 * Needs Node and nothing else: the CPU computes, the items are bundled, the record comes from git.
 *
 *   node compare-with-main.mjs             what CI does
 *   node compare-with-main.mjs --update    writes the record that is to be committed, for later runs to be compared with
 *   node compare-with-main.mjs --scored    compares what an earlier run has left, without scoring again
 *
 * Arguments after these go to `asp eval`, such as --limit 20. Leaves in asp-ci/: new.json, base.json, comment.md, junit.xml.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What is scored, and that a runner with a GPU is to do as one without. */
const EVAL = ['hellaswag', 'wikitext', '--data', 'sample', '--sparsity', '0.8', '--device', 'cpu']
/** Losses that are taken for none. */
const MARGIN = 'acc=0.02,acc_norm=0.02,word_perplexity=1%'
/** Where the record lies in the repository, and the branch it is read from. */
const RECORD = process.env.ASP_CI_RECORD ?? 'asp-ci-record.json'
const MAIN = process.env.ASP_CI_MAIN ?? 'origin/main'

/** Built in this checkout, or installed as a dependency. */
const ASP = existsSync('bin/run.js') ? 'bin/run.js' : 'node_modules/asp-eval/bin/run.js'

const OUT = 'asp-ci'
const update = process.argv.includes('--update')
const scored = process.argv.includes('--scored')
const extra = process.argv.slice(2).filter((argument) => !['--update', '--scored'].includes(argument))

mkdirSync(OUT, { recursive: true })
if (!scored) {
  const output = ['--output', `${OUT}/new.json`, '--overwrite']
  const { status } = asp(['eval', ...EVAL, ...extra, '--quiet', ...output], 'inherit')
  if (status !== 0) process.exit(status ?? 1)
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
  process.exit(0)
}
writeFileSync(`${OUT}/base.json`, base.stdout)

const files = [`${OUT}/base.json`, `${OUT}/new.json`]
const compared = asp(
  ['compare', ...files, '--margin', MARGIN, '--junit', `${OUT}/junit.xml`, '--output-format', 'md'],
  'pipe',
)
// Nothing on standard output: not compared, and the line that says why is on standard error.
tell(compared.stdout || `<!-- asp compare -->\n\n### asp compare: failed\n\n    ${compared.stderr.trim()}\n`)
process.stdout.write(compared.stdout)
process.stderr.write(compared.stderr)
process.exit(compared.status ?? 1)

function asp(argv, stdio) {
  return spawnSync(process.execPath, [ASP, ...argv], { encoding: 'utf8', stdio, maxBuffer: 2 ** 30 })
}

/** For the comment on the pull request, and the summary of the workflow's run. */
function tell(markdown) {
  writeFileSync(`${OUT}/comment.md`, markdown)
  if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, markdown)
}
