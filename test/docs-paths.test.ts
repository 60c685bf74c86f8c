/** Files and folders that pages name are there, so that a page is changed together with what it describes. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0')
/** Those of samples name files of the repositories they are from. */
const PAGES =
  /^(?:README\.md|CONTRIBUTING\.md|docs\/.*\.md|src\/.*\.md|suites\/README\.md|examples\/.*\.md|results\/README\.md)$/

/** Sources, with or without their folders: `tally.ts`, `cpu/heap.ts`; and folders of src/ and test/. No patterns: `<kind>`, `*`. */
function named(text: string): string[] {
  const files = text.matchAll(/(?<![\w./<>*-])\w[\w./-]*\.(?:ts|wgsl)(?!\w)/g)
  const folders = text.matchAll(/(?<![\w./<>*-])(?:src|test)(?:\/[\w-]+)+(?![\w*<-]|\.\w|\/[\w<*])/g)
  return [...new Set([...files, ...folders].map(([path]) => path))]
}

/** Made by a build. */
const BUILT = ['call.as.ts', 'variants.as.ts']

const isThere = (path: string): boolean =>
  BUILT.includes(path) || existsSync(join(root, path)) || tracked.some((file) => file.endsWith(`/${path}`))

const test = suite('paths in docs')

test('sources and folders that pages name are there', () => {
  const pages = tracked.filter((page) => PAGES.test(page) && existsSync(join(root, page)))
  const all = pages.flatMap((page) =>
    named(readFileSync(join(root, page), 'utf8')).map((path) => ({ page, path })),
  )
  assert.ok(all.length > 200, `${all.length} paths`)
  const missing = all.filter(({ path }) => !isThere(path)).map(({ page, path }) => `${page}: ${path}`)
  assert.equal(missing, [])
})

test('what is a path, and what is not there', () => {
  const text = 'See `src/eval/plan.ts` and fit-size.ts, src/record/<kind>/build.ts, test/*.ts, src/stats.'
  assert.equal(named(text), ['src/eval/plan.ts', 'fit-size.ts', 'src/stats'])
  assert.equal(['src/eval/no-plan.ts', 'fat-size.ts', 'src/no-room'].map(isThere), [false, false, false])
})

test.run()
