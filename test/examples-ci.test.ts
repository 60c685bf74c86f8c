/** The CI recipe end to end on a checkout of its own: no record yet, one on main, a change that is worse, one not comparable. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../src/record/eval/schema.js'
import { workFolder } from './commands/asp.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const checkout = join(workFolder(), 'checkout')
const RECORD = 'asp-ci-record.json'
const LIMIT = ['--limit', '2', '--shift', '-0.9464']

const git = (...argv: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...argv], {
    cwd: checkout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** The tree as it is here, with a main branch of its own; what npm would install and build is taken from here. */
function makeCheckout(): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  })
  for (const file of files
    .toString()
    .split('\0')
    .filter((name) => /^(bin|examples|models|suites|package\.json|src\/engine\/kernels)/.test(name)))
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(checkout, file))
  for (const name of ['node_modules', 'dist']) symlinkSync(join(ROOT, name), join(checkout, name))
  writeFileSync(join(checkout, '.gitignore'), 'node_modules\ndist\nasp-ci\n')
  git('init', '--quiet', '--initial-branch', 'main')
  commit()
}

function commit(): void {
  git('add', '--all')
  git('commit', '--quiet', '--message', 'x')
  // What a fetch of the main branch leaves.
  git('update-ref', 'refs/remotes/origin/main', 'HEAD')
}

function recipe(argv: string[] = []) {
  const summary = join(checkout, 'summary.md')
  const env = { ...process.env, HF_HUB_OFFLINE: '1', GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true' }
  const script = join('examples', 'ci', 'compare-with-main.mjs')
  return spawnSync(process.execPath, [script, ...LIMIT, ...argv], { cwd: checkout, env, encoding: 'utf8' })
}

const left = (name: string): string => readFileSync(join(checkout, 'asp-ci', name), 'utf8')

const test = suite('CI recipe')

test('the whole way', () => {
  assert.ok(existsSync(join(ROOT, 'dist')), 'npm run build first')
  makeCheckout()

  const first = recipe()
  assert.is(first.status, 0, first.stderr)
  assert.match(left('comment.md'), /^<!-- asp compare -->\n\n### asp compare: nothing to compare with/)

  assert.is(recipe(['--scored', '--update']).status, 0)
  const record = JSON.parse(readFileSync(join(checkout, RECORD), 'utf8')) as EvalRecord
  assert.equal(Object.keys(record.results), ['hellaswag', 'wikitext'])
  commit()

  const same = recipe()
  assert.is(same.status, 0, same.stderr)
  assert.match(left('comment.md'), /^<!-- asp compare -->\n\n### asp compare: not worse\n/)
  assert.match(left('junit.xml'), /failures="0" errors="0" skipped="0"/)
  assert.match(readFileSync(join(checkout, 'summary.md'), 'utf8'), /### asp compare: not worse/)

  // A main branch that was better by a twentieth of a nat a word.
  const { logprob, units } = record.tasks.wikitext.per_document
  for (const [i, words] of (units?.words ?? []).entries()) logprob[i] += 0.05 * words
  writeFileSync(join(checkout, RECORD), JSON.stringify(record))
  commit()
  const worse = recipe(['--scored'])
  assert.is(worse.status, 1, worse.stderr)
  assert.match(left('comment.md'), /### asp compare: \*\*worse\*\*/)
  assert.match(worse.stderr, /^::error title=asp compare%3A worse::wikitext word_perplexity/m)

  record.tasks.wikitext.identity_parts.requests = 'f'.repeat(64)
  writeFileSync(join(checkout, RECORD), JSON.stringify(record))
  commit()
  const foreign = recipe(['--scored'])
  assert.is(foreign.status, 3)
  assert.match(left('comment.md'), /### asp compare: failed\n\n {4}error: .*data differs/)
})

test('the workflow runs the script, uploads what it leaves and comments under the mark that asp writes', () => {
  const workflow = readFileSync(join(ROOT, 'examples/ci/asp-compare.yml'), 'utf8')
  assert.match(workflow, /^ {6}- run: node examples\/ci\/compare-with-main\.mjs$/m)
  assert.match(workflow, /path: asp-ci \}/)
  assert.match(workflow, /pull-requests: write/)
  assert.match(workflow, /mark='<!-- asp compare -->'/)
  assert.match(readFileSync(join(ROOT, 'src/report/compare-markdown.ts'), 'utf8'), /'<!-- asp compare -->'/)
  for (const action of workflow.match(/uses: \S+/g) ?? []) assert.match(action, /actions\/[a-z-]+@v\d+$/)
})

test.run()
