/** `asp report` of a record of `asp recall`, in a browser: a plot for each task and length, and the table. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { reportPage } from '../../src/report/pages.js'
import { browserTest, visit } from '../browser.js'
import { buildClient } from '../client.js'
import { workFolder } from '../commands/asp.js'

buildClient()

const test = suite('recall on the page')
const FILE = new URL('../../results/recall-asp-tiny.json', import.meta.url)

browserTest(test, 'plots by depth, and a row for each length and depth', async () => {
  const record = JSON.parse(readFileSync(FILE, 'utf8')) as SweepRecord
  const path = join(workFolder(), 'recall.html')
  const options = { title: 'Recall', made: new Date(0) }
  writeFileSync(path, await reportPage([{ file: 'recall.json', record }], options))
  await visit(pathToFileURL(path).href, async ({ page, faults }) => {
    const section = page.locator('#recall-by-depth')
    assert.is((await section.locator('.charts svg[role=img], .charts figure').count()) > 3, true)
    assert.match(await section.innerText(), /recall_copy_random, 512 tokens/)
    assert.match(await section.innerText(), /Table: recall \(48 rows\)/i)
    if (process.env.ASP_SHOT) await section.screenshot({ path: process.env.ASP_SHOT })
    assert.equal(faults, [])
  })
})

test.run()
