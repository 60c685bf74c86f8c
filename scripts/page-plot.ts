/**
 * A plot of a page of `asp report`, as its SVG button saves it:
 *   node --import tsx scripts/page-plot.ts docs/reference.html 'Perplexity, bundled sample' docs/perplexity.svg
 * takes the first plot whose title contains the words. Needs chromium (ASP_TEST_CHROMIUM may name one).
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const [page, title, file] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.ASP_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const tab = await browser.newPage()
  await tab.goto(pathToFileURL(resolve(page)).href)
  const saved = tab.waitForEvent('download')
  await tab
    .locator(`figure:has(figcaption:has-text(${JSON.stringify(title)})) figcaption button`)
    .first()
    .click()
  await (await saved).saveAs(file)
} finally {
  await browser.close()
}
