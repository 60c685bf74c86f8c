/** The page of a text's drops in a real browser: pointing, the slider, the keyboard, light, dark and paper. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DropsRecord } from '../../src/record/drops/schema.js'
import { dropsPage } from '../../src/report/pages.js'
import { browserTest, type Visit, visit } from '../browser.js'
import { buildClient } from '../client.js'
import { workFolder } from '../commands/asp.js'
import { dropsRecord } from '../record/drops-fixture.js'

buildClient()
const folder = workFolder()

async function open(
  record: DropsRecord,
  look: (visit: Visit) => Promise<void>,
  options?: Parameters<typeof visit>[2],
): Promise<void> {
  const file = join(folder, 'drops.html')
  writeFileSync(file, await dropsPage(record))
  await visit(pathToFileURL(file).href, look, options)
}

const token = (page: Page, at: number) => page.locator(`.text .token[data-at="${at}"]`)
const layer = (page: Page, name: string) => page.locator(`input[name=layer][value="${name}"]`)

/** Positions of the tokens that have the mark. */
const marked = (page: Page, mark: string): Promise<number[]> =>
  page
    .locator(`.text .token.${mark}`)
    .evaluateAll((found) => found.map((one) => Number(one.getAttribute('data-at'))))

const panel = (page: Page): Promise<string[][]> =>
  page
    .locator('.looked-at-token tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))

const survivors = (page: Page): Promise<(string | null)[]> =>
  page.locator('.layers .count').evaluateAll((found) => found.map(({ textContent }) => textContent))

const test = suite('page of drops')

browserTest(test, 'pointing at a token shows who killed it, whom it killed, and the survivors then', () =>
  open(dropsRecord(), async ({ page, faults }) => {
    await token(page, 3).hover()
    assert.equal(await marked(page, 'looked-at'), [3])
    assert.equal(await marked(page, 'killer'), [6])
    assert.equal(await marked(page, 'victim'), [0, 1, 2])
    assert.equal(await panel(page), [
      ['0', 'killed by “.” 6, after 3 tokens', '3: “The” 0, “cat” 1, “sat” 2', '1 of 4'],
      ['1', 'alive at the end', '-', '3 of 4'],
    ])
    await layer(page, '1').check()
    await token(page, 4).hover()
    assert.equal(await marked(page, 'killer'), [5])
    assert.equal(await marked(page, 'victim'), [])
    assert.equal(await panel(page), [['1', 'killed by “it” 5, the next token', '-', '4 of 5']])
    await page.locator('h1').hover()
    assert.equal(await marked(page, 'looked-at'), [])
    assert.equal(faults, [])
  }),
)

browserTest(test, 'the slider goes through time', () =>
  open(dropsRecord(), async ({ page, faults }) => {
    assert.equal(await survivors(page), ['2 of 7', '4 of 7'])
    assert.equal(await marked(page, 'unread'), [])
    await page.locator('#time').fill('2')
    assert.equal(await survivors(page), ['3 of 3', '2 of 3'])
    assert.equal(await marked(page, 'unread'), [3, 4, 5, 6])
    assert.equal(await marked(page, 'now'), [2])
    await page.locator('#time').press('ArrowRight')
    assert.equal(await survivors(page), ['1 of 4', '3 of 4'])
    assert.match(await page.locator('#moment').innerText(), /^after token 3 of 6, “,”: 3 drops in 2 layers$/)
    assert.is(await page.locator('.text .dying').count(), 3)
    // Played, it comes to the end by itself.
    await page.getByRole('button', { name: 'Play' }).click()
    await page.locator('.text .token.now[data-at="6"]').waitFor()
    assert.equal(await survivors(page), ['2 of 7', '4 of 7'])
    assert.equal(faults, [])
  }),
)

browserTest(test, 'everything can be reached by the keyboard', () =>
  open(dropsRecord(), async ({ page, faults }) => {
    await token(page, 0).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    assert.equal(await marked(page, 'looked-at'), [2])
    await page.keyboard.press('End')
    assert.equal(await marked(page, 'looked-at'), [6])
    await page.keyboard.press('Enter')
    assert.match(await page.locator('.looked-at-token h2').innerText(), /token 6, pinned/)
    await token(page, 1).hover()
    assert.equal(await marked(page, 'looked-at'), [6])
    await page.keyboard.press('Escape')
    assert.equal(await marked(page, 'looked-at'), [])
    await layer(page, 'all').focus()
    await page.keyboard.press('ArrowDown')
    assert.ok(await layer(page, '0').isChecked())
    // One stop for the whole text, not one a token.
    assert.is(await page.locator('.text .token[tabindex="0"]').count(), 1)
    assert.equal(faults, [])
  }),
)

browserTest(test, 'dark as the reader has it; on paper without controls', async () => {
  const paper = (page: Page): Promise<string> =>
    page.evaluate('getComputedStyle(document.body).backgroundColor')
  await open(dropsRecord(), async ({ page }) => {
    assert.is(await paper(page), 'rgb(255, 255, 255)')
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.is(await paper(page), 'rgb(21, 23, 26)')
    await page.emulateMedia({ media: 'print' })
    assert.is(await paper(page), 'rgb(255, 255, 255)')
    assert.not(await page.locator('#time').isVisible())
    assert.ok(await page.locator('.text').isVisible())
  })
})

browserTest(test, 'a text as long as models take, in 12 layers', () => {
  const n = 1024
  const texts = Array.from({ length: n }, (_, j) => (j % 9 === 8 ? '.' : ' word'))
  const layers = Array.from({ length: 12 }, (_, l) =>
    texts.map((_, j) => (j + 2 + l < n && j % (l + 2) !== 0 ? j + 2 + l : null)),
  )
  return open(dropsRecord(texts, layers), async ({ page, faults }) => {
    await token(page, 500).hover()
    assert.is((await panel(page)).length, 12)
    await page.locator('#time').fill('700')
    assert.is((await marked(page, 'unread')).length, 323)
    // Nothing is wider than the window.
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'))
    assert.equal(faults, [])
  })
})

test('the largest there can be stays under 3 MB', async () => {
  const n = 1024
  const layers = Array.from({ length: 48 }, () =>
    Array.from({ length: n }, (_, j) => (j + 1 < n ? n - 1 : null)),
  )
  const page = await dropsPage(dropsRecord(new Array(n).fill(' incomprehensible'), layers))
  assert.ok(Buffer.byteLength(page) < 3e6, String(page.length))
})

test('text that looks like markup stays text', async () => {
  const page = await dropsPage(dropsRecord(['</script>', '<b>', '&amp;'], [[1, null, null]]))
  assert.is(page.match(/<\/script/g)?.length, 2)
})

test.run()
