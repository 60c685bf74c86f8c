/** The CI recipe end to end on a checkout of its own: no record yet, one on main, a change that is worse, one not comparable. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../src/record/eval/schema.js'
import { workFolder } from './commands/asp.js'
import { readAction, runAction, type StepResult } from './composite-action.js'

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

/** As GitHub runs the action for a pull request of the repository itself; `gh` writes down what it is asked. */
function act(inputs: Record<string, string> = {}): StepResult[] {
  const tools = join(checkout, '..', 'tools')
  mkdirSync(tools, { recursive: true })
  const script = '#!/bin/sh\necho "$@" >> "$GH_LOG"\ncase "$*" in *--jq*) echo "$GH_OLD";; esac\n'
  writeFileSync(join(tools, 'gh'), script, { mode: 0o755 })
  writeFileSync(join(tools, 'log'), '')
  const action = readAction(join(ROOT, 'examples/ci/action.yml'))
  return runAction({
    action,
    folder: join(checkout, 'examples/ci'),
    cwd: checkout,
    inputs: { ...inputs, eval: [action.inputs.eval, ...LIMIT].join(' ') },
    github: { token: 't', repository: 'o/r', 'event.pull_request.number': '7' },
    env: {
      ...process.env,
      PATH: `${tools}:${process.env.PATH}`,
      GH_LOG: join(tools, 'log'),
      GH_OLD: inputs.old ?? '',
      HF_HUB_OFFLINE: '1',
      GITHUB_ACTIONS: 'true',
      CI: 'true',
    },
  })
}
const asked = (): string[] =>
  readFileSync(join(checkout, '..', 'tools', 'log'), 'utf8')
    .trim()
    .split('\n')

test('the action, step by step: scores, compares, comments; fails where something is worse', () => {
  git('remote', 'add', 'origin', checkout)
  writeFileSync(join(checkout, RECORD), '')
  git('rm', '--quiet', '--force', RECORD)
  commit()
  const first = act()
  assert.equal(
    first.map(({ name, status }) => [name, status]),
    [
      ['Install asp', 0],
      ['Fetch the base', 0],
      ['Compare', 0],
      ['Comment', 0],
    ],
    JSON.stringify(first),
  )
  assert.equal(first[2].outputs, { verdict: 'nothing to compare with' })

  writeFileSync(join(checkout, RECORD), left('new.json'))
  commit()
  const same = act({ strict: 'true' })
  assert.equal([same[2].status, same[2].outputs.verdict], [0, 'not worse'], same[2].stderr)
  assert.equal(asked().slice(1), ['api --method POST repos/o/r/issues/7/comments -F body=@asp-ci/comment.md'])

  const record = JSON.parse(readFileSync(join(checkout, RECORD), 'utf8')) as EvalRecord
  const { logprob, units } = record.tasks.wikitext.per_document
  const better = structuredClone(record)
  for (const [i, words] of (units?.words ?? []).entries())
    better.tasks.wikitext.per_document.logprob[i] = logprob[i] + 0.05 * words
  writeFileSync(join(checkout, RECORD), JSON.stringify(better))
  commit()
  const worse = act({ old: '42' })
  assert.equal([worse[2].status, worse[2].outputs.verdict], [1, 'worse'])
  assert.is(worse.at(-1)?.name, 'Comment')
  assert.equal(asked().slice(1), [
    'api --method PATCH repos/o/r/issues/comments/42 -F body=@asp-ci/comment.md',
  ])
  assert.equal([act({ margin: 'word_perplexity=10%' })[2].outputs.verdict], ['not worse'])

  // What the items are too few to decide: a fail under strict alone.
  const unsure = structuredClone(record)
  unsure.tasks.wikitext.per_document.logprob = logprob.map((one, i) => one + (i % 2 === 0 ? 9 : -7))
  writeFileSync(join(checkout, RECORD), JSON.stringify(unsure))
  commit()
  const lenient = act()[2]
  const strict = act({ strict: 'true' })[2]
  assert.equal([lenient.status, strict.status, strict.outputs.verdict], [0, 4, 'inconclusive'], strict.stdout)
  assert.is(recipe(['--scored', '--strict']).status, 4)
})

test('the workflow uses the action, and comments stand under the mark that asp writes', () => {
  const workflow = readFileSync(join(ROOT, 'examples/ci/asp-compare.yml'), 'utf8')
  const action = readFileSync(join(ROOT, 'examples/ci/action.yml'), 'utf8')
  assert.match(workflow, /^ {6}- uses: \.\/examples\/ci$/m)
  assert.match(workflow, /pull-requests: write/)
  assert.match(action, /mark='<!-- asp compare -->'/)
  assert.match(readFileSync(join(ROOT, 'src/report/compare-markdown.ts'), 'utf8'), /'<!-- asp compare -->'/)
  const { inputs } = readAction(join(ROOT, 'examples/ci/action.yml'))
  for (const [, name] of workflow.matchAll(/^ {10}(\w+): /gm)) assert.ok(name in inputs, name)
  for (const used of `${workflow}${action}`.match(/uses: actions\S+/g) ?? [])
    assert.match(used, /actions\/[a-z-]+@v\d+$/)
  // Every input is used, and every one that is used is there.
  const wanted = new Set([...action.matchAll(/\binputs\.(\w+)/g)].map(([, name]) => name))
  assert.equal([...wanted].sort(), Object.keys(inputs).sort())
})

test.run()
