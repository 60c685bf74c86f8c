/**
 * `asp tasks check` without a split at hand: hashes and dummy metrics of the bundled samples equal those of a Python
 * program that shares no code with asp (CPython's random and json, templates written anew).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkConformance } from '../../src/suites/conformance.js'
import { readLocal, readSample } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { loadSuite, type Suite } from '../../src/suites/suite.js'
import { asp } from '../commands/asp.js'

const fixture = new URL('../fixtures/suites/conformance.json', import.meta.url)
const expected: Record<string, Record<string, number | string>> = JSON.parse(readFileSync(fixture, 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'asp-check-'))
const write = (name: string, rows: readonly unknown[]): void =>
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))

const test = suite('conformance')

for (const [name, want] of Object.entries(expected))
  test(name, async () => {
    const asked = loadSuite(name)
    const { checks, verdict } = checkConformance(asked, loadExamples(asked, (await readSample(asked)).rows))
    assert.is(verdict, 'partial')
    const got = Object.fromEntries(checks.map((check) => [check.name, check.got]))
    assert.equal(Object.keys(got).sort(), Object.keys(want).sort())
    for (const [key, value] of Object.entries(want))
      if (typeof value === 'string' || Number.isInteger(value)) assert.is(got[key], value)
      else
        assert.ok(Math.abs(Number(got[key]) - Number(value)) < 1e-13, `${key}: ${got[key]} against ${value}`)
  })

/** A split small enough to have whole: the copa sample, with golden values made for it. */
function wholeCopa(): Suite {
  const { documents, requests, sha256, ...metrics } = expected.copa as Record<string, number>
  const golden = {
    documents,
    requests,
    sha256: String(sha256),
    form: 'single_space',
    metrics,
    source: 'test',
  }
  return { ...loadSuite('copa'), golden: golden as Suite['golden'] }
}

test('rows in any order, in parts, match; a changed character does not', async () => {
  const asked = wholeCopa()
  const rows = (await readSample(asked)).rows.map(({ value }) => value)
  const verdict = async () =>
    checkConformance(asked, loadExamples(asked, (await readLocal(asked, folder)).rows)).verdict
  write('validation.part1.jsonl', rows.slice(20).reverse())
  write('validation.part2.jsonl', rows.slice(0, 20))
  assert.is(await verdict(), 'match')
  write('validation.part2.jsonl', [{ ...rows[0], choice1: `${rows[0].choice1}!` }, ...rows.slice(1, 20)])
  assert.is(await verdict(), 'mismatch')
})

test('raw text in parts is one text', async () => {
  const wikitext = loadSuite('wikitext')
  const text = ' \n = A = \n \n One . \n \n = B = \n \n Two . \n'
  const pages = async (name: string) =>
    (await readLocal(wikitext, join(folder, name))).rows.map((row) => row.value.page)
  writeFileSync(join(folder, 'wiki.test.raw'), text)
  const whole = await pages('wiki.test.raw')
  rmSync(join(folder, 'wiki.test.raw'))
  writeFileSync(join(folder, 'wiki.test.part1.raw.txt'), text.slice(0, 22))
  writeFileSync(join(folder, 'wiki.test.part2.raw.txt'), text.slice(22))
  writeFileSync(join(folder, 'wiki.test.part1.tokens.txt'), 'nothing')
  assert.is(whole.length, 2)
  assert.equal(await pages(''), whole)
})

test('asp tasks check says that a part of the split proves nothing, and exits 1', async () => {
  const { status, stdout } = await asp(folder, ['tasks', 'check', 'piqa', '--data', 'sample'])
  assert.is(status, 1)
  assert.match(stdout, /200 of 1838 documents; the golden values are for the whole split/)
  assert.match(stdout, /6048a3a2bb3a/)
  assert.not.match(stdout, /DIFFERS/)
})

test('asp tasks check exits 0 on a whole split that matches, and tells it as JSON', async () => {
  const path = join(folder, 'copa.json')
  writeFileSync(path, JSON.stringify({ ...wholeCopa(), name: 'copa-half' }))
  const rows = (await readSample(loadSuite('copa'))).rows.map(({ value }) => value)
  write('items.jsonl', rows)
  const { status, stdout } = await asp(folder, ['tasks', 'check', path, '--data', 'items.jsonl', '--json'])
  assert.is(status, 0)
  assert.is(JSON.parse(stdout)[0].verdict, 'match')
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
