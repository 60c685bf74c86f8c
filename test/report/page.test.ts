/** The page that is one file: what is put into it can neither end its elements nor run, and it fetches nothing. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonText, renderPage } from '../../src/report/page.js'
import { browserTest, visit } from '../browser.js'
import { until, workFolder } from '../commands/asp.js'

const HOSTILE = `</title></script><script>document.body.dataset.broken = 1</script><img src=x onerror="document.body.dataset.broken = 1"><!-- '&\u2028`

const test = suite('page')

test('data keep their value and have no character that ends a script', () => {
  const data = { text: HOSTILE, list: [1.5, null, true] }
  assert.not.match(jsonText(data), '<')
  assert.equal(JSON.parse(jsonText(data)), data)
})

test('a script and a style cannot end their own elements', () => {
  const page = renderPage({
    title: 'a',
    data: null,
    client: { script: 'const a = "</script>"', style: 'a::after { content: "</style>" }' },
  })
  assert.is(page.match(/<\/script/g)?.length, 2)
  assert.is(page.match(/<\/style/g)?.length, 1)
})

browserTest(test, 'a browser runs the script of the page, and nothing that came with the data', async () => {
  const script = `
    const { text } = JSON.parse(document.getElementById('data').textContent)
    document.getElementById('page').innerHTML = text
    document.body.dataset.ran = '</script>'
    document.body.dataset.received = text`
  const html = renderPage({ title: HOSTILE, data: { text: HOSTILE }, client: { script, style: '' } })
  const file = join(workFolder(), 'page.html')
  writeFileSync(file, html)
  await visit(pathToFileURL(file).href, async ({ page, faults }) => {
    const body = page.locator('body')
    await page.locator('img').waitFor({ state: 'attached' })
    assert.is(await body.getAttribute('data-ran'), '</script>')
    assert.is(await body.getAttribute('data-received'), HOSTILE)
    assert.is(await body.getAttribute('data-broken'), null)
    assert.is(await page.locator('title').textContent(), HOSTILE)
    // The picture and its handler are asked for and refused by the page's own policy.
    await until('the browser to say so', () => faults.length >= 3)
    assert.ok(
      faults.every((fault) => /Content Security Policy|^fetched .*\/x$/.test(fault)),
      faults.join('\n'),
    )
  })
})

test.run()
