/** `asp report`: the page in a real browser, and what it refuses. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { browserTest, type Visit, visit } from '../browser.js'
import { buildClient } from '../client.js'
import { logText } from '../record/train-fixture.js'
import { RECORDS } from '../report/records-fixture.js'
import { asp, namesIn, workFolder } from './asp.js'

buildClient()

const folder = workFolder()
const FILES = Object.keys(RECORDS) as (keyof typeof RECORDS)[]
for (const [file, record] of Object.entries(RECORDS)) {
  const text = record.schema === 'asp.train-log/1' ? logText(record) : JSON.stringify(record)
  writeFileSync(join(folder, file), text)
}
writeFileSync(join(folder, 'tokenizer.json'), '{"version":"1.0"}')

const TITLE = `A <b>report</b> & "more"`
const made = await asp(folder, ['report', ...FILES, '-o', 'report.html', '--title', TITLE])

/** Opens the page and fails on any error of the console. */
const open = (look: (visit: Visit) => Promise<void>, options = {}): Promise<void> =>
  visit(
    pathToFileURL(join(folder, 'report.html')).href,
    async (one) => {
      await one.page.locator('section').first().waitFor()
      await look(one)
      assert.equal(one.faults, [])
    },
    options,
  )

/** Runs in the browser, whose types are not those of tests. */
function backgroundOf(element: unknown): string {
  const scope = globalThis as unknown as { getComputedStyle(element: unknown): { backgroundColor: string } }
  return scope.getComputedStyle(element).backgroundColor
}

const test = suite('asp report')

test('writes one page, prints where it is, and the page is small', () => {
  assert.is(made.status, 0, made.stderr)
  assert.is(made.stdout.trim(), join(folder, 'report.html'))
  const html = readFileSync(join(folder, 'report.html'), 'utf8')
  assert.ok(html.length < 3e6, `${html.length} bytes`)
  // Nothing to fetch: no address but those that name formats.
  const elements = html.replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, '')
  const addresses = [...elements.matchAll(/(?:src|href)=["']?(?!data:|#)([^"' >]+)/g)].map(
    ([, address]) => address,
  )
  assert.equal(addresses, [])
})

browserTest(test, 'shows a plot for all that the records hold, in light and dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await open(
      async ({ page }) => {
        assert.is(await page.locator('h1').textContent(), TITLE)
        const titles = await page.locator('section h2').allTextContents()
        assert.equal(titles, [
          'Comparison',
          'Quality against sparsity',
          'Perplexity against sparsity',
          'Quality beside cost',
          'Latency and cache against context',
          'Change of loss by position',
          'Sparsity by layer',
          'Training',
          'Records',
        ])
        for (const section of await page.locator('section:not(#records)').all()) {
          assert.ok(
            (await section.locator('figure > svg').count()) > 0,
            (await section.locator('h2').textContent()) ?? '',
          )
        }
        const background = await page.locator('body').evaluate(backgroundOf)
        assert.is(background, colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(21, 23, 26)')
      },
      { colorScheme },
    )
  }
})

browserTest(test, 'a header sorts its column up and down, by click and by key', async () => {
  await open(async ({ page }) => {
    const table = page.locator('#quality-against-sparsity table')
    const heads = await table.locator('thead th').allTextContents()
    const column = (name: string): string =>
      `td:nth-child(${heads.findIndex((one) => one.includes(name)) + 1})`
    const values = async (): Promise<number[]> =>
      (await table.locator(`tbody tr ${column('Value')}`).allTextContents()).map(Number)
    const head = table.locator('th', { hasText: 'Value' })
    const before = await values()
    assert.is(await head.getAttribute('aria-sort'), null)
    await head.locator('button').click()
    assert.is(await head.getAttribute('aria-sort'), 'descending')
    assert.equal(
      await values(),
      before.toSorted((a, b) => b - a),
    )
    await head.locator('button').focus()
    await page.keyboard.press('Enter')
    assert.is(await head.getAttribute('aria-sort'), 'ascending')
    assert.equal(
      await values(),
      before.toSorted((a, b) => a - b),
    )
    assert.not.equal(before, await values())
    // Another column takes over; what is not there comes last.
    await table.locator('th', { hasText: '95 % interval' }).locator('button').click()
    assert.is(await head.getAttribute('aria-sort'), null)
    assert.is(await table.locator(`tbody tr:last-child ${column('95 % interval')}`).textContent(), '')
  })
})

browserTest(test, 'hovering a point shows its exact figures and where they are from', async () => {
  await open(async ({ page }) => {
    const plot = page
      .locator('#quality-against-sparsity figure', { hasText: 'hellaswag, acc_norm' })
      .locator('svg')
      .last()
    await plot.scrollIntoViewIfNeeded()
    assert.is(await plot.locator('[aria-label=tip] text').count(), 0)
    const box = await plot.boundingBox()
    assert.ok(box)
    // Sparsity 0.8 of an axis from 0 to 1.
    await page.mouse.move(box.x + 0.79 * box.width, box.y + 0.5 * box.height)
    const tip = plot.locator('[aria-label=tip] text')
    await tip.waitFor()
    const text = (await tip.textContent()) ?? ''
    for (const part of [
      'adaptive at 0.8',
      '0.3114',
      '200 documents',
      '.json',
      'results.hellaswag["acc_norm,none"]',
    ]) {
      assert.ok(text.includes(part), `${part} in ${text}`)
    }
  })
})

browserTest(test, 'a plot is saved as an SVG that stands alone', async () => {
  await open(async ({ page }) => {
    const figure = page.locator('#quality-against-sparsity figure').first()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      figure.getByRole('button', { name: /SVG/ }).click(),
    ])
    assert.is(download.suggestedFilename(), 'hellaswag-acc-higher-is-better.svg')
    const file = join(folder, 'saved.svg')
    await download.saveAs(file)
    const svg = readFileSync(file, 'utf8')
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
    assert.not.match(svg, /var\(--/)
    assert.ok(svg.includes('hellaswag, acc (higher is better)') && svg.includes('adaptive'))
    const alone = await page.context().newPage()
    await alone.goto(pathToFileURL(file).href)
    assert.is(await alone.locator('svg > g').count(), 2)
    assert.ok((await alone.locator('path[stroke^="rgb("]').count()) > 0)
  })
})

browserTest(test, 'a print shows every table, and leaves the page as it was', async () => {
  await open(async ({ page }) => {
    const closed = page.locator('details:not([open])')
    await page.locator('details[open] summary').first().click()
    const before = await closed.count()
    assert.ok(before > 0)
    const pdf = await page.pdf({ preferCSSPageSize: true })
    assert.ok(pdf.length > 10_000)
    assert.is(await closed.count(), before)
    await page.emulateMedia({ media: 'print' })
    assert.is(await page.locator('nav').isVisible(), false)
  })
})

test('--json tells what was written, and folders stand for the records in them', async () => {
  const { status, stdout } = await asp(folder, ['report', '.', '-o', 'all.html', '--json'])
  assert.is(status, 0)
  const { page, bytes, records } = JSON.parse(stdout)
  assert.is(page, join(folder, 'all.html'))
  assert.is(bytes, Buffer.byteLength(readFileSync(page)))
  assert.equal(records, FILES.toSorted())
})

test('--text prints the main plots and writes a page only where one is asked for', async () => {
  const own = join(folder, 'text')
  mkdirSync(own)
  const { status, stdout } = await asp(own, ['report', '../ppl.json', '../bench.json', '--plots'])
  assert.is(status, 0)
  assert.match(stdout, /^book\.txt, context of 8: perplexity by share of causal pairs removed$/m)
  assert.match(stdout, /milliseconds of a step by tokens of context/)
  assert.equal(namesIn(own), [])
})

test('refuses a damaged record with one line that says where, and writes nothing', async () => {
  const own = join(folder, 'damaged')
  mkdirSync(own)
  const record = structuredClone(RECORDS['ppl.json'])
  record.contexts[0].rules[1].nll = 'x' as unknown as number
  writeFileSync(join(own, 'bad.json'), JSON.stringify(record))
  const { status, stderr, stdout } = await asp(own, ['report', 'bad.json', '-o', 'page.html'])
  assert.is(status, 2)
  assert.match(
    stderr,
    /^error: bad\.json: not a whole asp\.ppl\/1 record: contexts\[0\]\.rules\[1\]\.nll must be number, got "x"; hint: [^\n]+\n$/,
  )
  assert.is(stdout, '')
  assert.equal(namesIn(own), ['bad.json'])
})

test('--export writes figures for other tools in place of a page', async () => {
  const own = join(folder, 'exported')
  mkdirSync(own)
  const run = (form: string, output: string) =>
    asp(folder, ['report', 'dense.json', 'bench.json', '--export', form, '-o', output])
  const two = await run('github-benchmark', 'exported')
  assert.is(two.status, 0, two.stderr)
  assert.equal(two.stdout.trim().split('\n'), [
    join(own, 'bigger-is-better.json'),
    join(own, 'smaller-is-better.json'),
  ])
  const one = await run('bencher', 'exported/bmf.json')
  assert.is(one.stdout.trim(), join(own, 'bmf.json'))
  assert.ok(Object.keys(JSON.parse(readFileSync(join(own, 'bmf.json'), 'utf8'))).length > 0)
  assert.equal(namesIn(own), ['bigger-is-better.json', 'bmf.json', 'smaller-is-better.json'])
  assert.is((await run('github-benchmark', 'made/')).status, 0)
  assert.equal(namesIn(join(folder, 'made')), ['bigger-is-better.json', 'smaller-is-better.json'])
  const nowhere = await run('bencher', 'missing/bmf.json')
  assert.is(nowhere.status, 2, nowhere.stdout)
})

test('a damaged record in a folder does not keep the others from their page', async () => {
  const own = join(folder, 'mixed')
  mkdirSync(own)
  writeFileSync(join(own, 'good.json'), JSON.stringify(RECORDS['ppl.json']))
  writeFileSync(join(own, 'torn.json'), JSON.stringify(RECORDS['ppl.json']).slice(0, 500))
  const argv = ['report', 'mixed', '-o', 'mixed.html']
  const { status, stderr } = await asp(folder, argv)
  assert.is(status, 0, stderr)
  assert.is(stderr, 'left out: mixed/torn.json: not JSON\n')
  const { stdout } = await asp(folder, [...argv, '--json'])
  const { records, skipped } = JSON.parse(stdout)
  assert.equal([records, skipped], [['mixed/good.json'], ['mixed/torn.json: not JSON']])
})

test('refuses a place that cannot be written', async () => {
  const nowhere = await asp(folder, ['report', 'dense.json', '-o', 'missing/page.html'])
  assert.is(nowhere.status, 2)
  assert.match(
    nowhere.stderr,
    /^error: .*missing\/page\.html: .*\(no such file or folder\); hint: give --output/,
  )
})

test.run()
