/**
 * Comments, messages and pages that send a reader to a page of docs/, or to a section of one, send them somewhere: written
 * `docs/<page>.md`, `docs/<page>.md, <Heading>` (and `<Heading>`), or as a link with an anchor.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Tracked files below these folders that hold text; those of fixtures are data. */
function texts(folders: readonly string[], extensions: RegExp): { file: string; text: string }[] {
  return execFileSync('git', ['ls-files', '-z', ...folders], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => extensions.test(file) && !file.startsWith('test/fixtures/'))
    .filter((file) => existsSync(join(root, file)))
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
}

/** A page's headings as they are written, and as GitHub makes anchors of them. */
const pages = new Map<string, { headings: string[]; anchors: string[] } | null>()
function page(file: string): { headings: string[]; anchors: string[] } | null {
  const known = pages.get(file)
  if (known !== undefined) return known
  const text = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : null
  const code = /^```[\s\S]*?^```/gm
  const headings =
    text
      ?.replace(code, '')
      .match(/^#+ .*$/gm)
      ?.map((line) => line.replace(/^#+ /, '')) ?? []
  const anchors = headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  const found = text === null ? null : { headings, anchors }
  pages.set(file, found)
  return found
}

/** Comment marks and line ends out of the way, as a citation may go over the end of a line. */
function flowing(text: string): string {
  return text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/|#)?[ \t]*/g, ' ')
}

/** The heading that `text` begins with, the longest one where several do. */
function headingAt(text: string, headings: readonly string[]): string | undefined {
  return headings
    .filter((heading) => text.startsWith(heading) && !/^[\w-]/.test(text.slice(heading.length)))
    .sort((a, b) => b.length - a.length)[0]
}

/** What is wrong with the citations of a text; `where` names its file. */
function problems(where: string, text: string): string[] {
  const found: string[] = []
  const flow = flowing(text)
  for (const match of flow.matchAll(/\bdocs\/([\w-]+\.md)(?:#([\w-]+))?/g)) {
    const [name, file, anchor] = match
    const target = page(`docs/${file}`)
    if (target === null) {
      found.push(`${where}: ${name} does not exist`)
      continue
    }
    if (anchor !== undefined && !target.anchors.includes(anchor)) {
      found.push(`${where}: ${name} has no such section`)
    }
    let rest = flow.slice(match.index + name.length)
    for (let joint = /^, (?=[A-Z])/; joint.test(rest); joint = /^ and (?=[A-Z])/) {
      rest = rest.replace(joint, '')
      const heading = headingAt(rest, target.headings)
      if (heading === undefined) found.push(`${where}: ${name} has no section '${rest.slice(0, 30)}'`)
      rest = rest.slice(heading?.length ?? 0)
    }
  }
  return found
}

const test = suite('citations of docs/')

const CODE = ['src', 'test', 'scripts', 'suites', 'schemas', 'bench', 'bin', 'biome.json', 'package.json']
const sources = texts(CODE, /\.(ts|js|json|wgsl|py|sh|md)$/).filter(({ file }) => !isThis(file))
const markdown = texts(['*.md'], /\.md$/)

/** Here are examples of what is wrong. */
function isThis(file: string): boolean {
  return file === 'test/docs-citations.test.ts'
}

test('every page that the code names is there, and has the section that is named', () => {
  assert.ok(sources.length > 1000, `${sources.length} files`)
  assert.equal(
    sources.flatMap(({ file, text }) => problems(file, text)),
    [],
  )
})

test('no page is cited that is not in docs/', () => {
  const stray = /(?<![\w/-])(?:method|eval|lm-eval)\.md\b/
  const cited = sources.filter(({ file, text }) => !file.endsWith('.md') && stray.test(text))
  assert.equal(
    cited.map(({ file }) => file),
    [],
  )
})

test('links from page to page lead to a page and a section', () => {
  const broken = markdown.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\(([\w./-]*\.md)?(?:#([\w-]+))?\)/g)].flatMap(([link, path, anchor]) => {
      if (path === undefined && anchor === undefined) return []
      const target = page(path === undefined ? file : join(dirname(file), path))
      const fine = target !== null && (anchor === undefined || target.anchors.includes(anchor))
      return fine ? [] : [`${file}: ${link}`]
    }),
  )
  assert.equal(broken, [])
})

test('a missing page, section or anchor is found, also over the end of a line', () => {
  const wrong = [
    '// see docs/nowhere.md',
    ' * as said (docs/method.md,\n * Life times)',
    ' * as said (docs/method.md, Death\n * times and Birth times)',
    '// docs/method.md#life-times',
  ]
  for (const text of wrong) assert.is(problems('x', text).length, 1, text)
  const right = [
    '// docs/method.md#death-times',
    '// (docs/method.md, Death\n// times and Live lists)',
    'docs/method.md, which',
  ]
  for (const text of right) assert.equal(problems('x', text), [], text)
})

test.run()
