/** The working files of a sweep: what a killed run was writing is taken away by the next. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeWorkFolder } from '../../src/sweep/files.js'

const test = suite('working files of a sweep')

test('temporary files of any part go, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'asp-sweep-files-'))
  for (const name of ['dense.json', 'dense.json.15293-a84be744.tmp', 'ppl.json.1-00000000.tmp', 'notes.tmp'])
    writeFileSync(join(folder, name), '{')
  await makeWorkFolder(folder)
  assert.equal(readdirSync(folder).sort(), ['dense.json', 'notes.tmp'])
  rmSync(folder, { recursive: true })
})

test.run()
