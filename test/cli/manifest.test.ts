/** oclif.manifest.json, which stands for the commands until one is run: it says what the commands in dist/ say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Interfaces } from '@oclif/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { commandManifest, MANIFEST } from '../../scripts/build-manifest.js'

assert.ok(existsSync(MANIFEST), 'npm run build makes oclif.manifest.json')
const kept: Interfaces.Manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'))
const fresh = await commandManifest()

/** What help shows as defaults. */
const defaults = ({ commands }: Interfaces.Manifest): unknown[] =>
  Object.values(commands).flatMap(({ id, flags }) =>
    Object.entries(flags).map(([name, flag]) => [id, name, flag.type === 'option' ? flag.default : null]),
  )

const manifest = suite('manifest of the commands')

manifest('is that of the commands in dist/: npm run build writes both', () => {
  assert.equal(kept, JSON.parse(JSON.stringify(fresh)))
})

manifest('has every command', () => {
  const files = readdirSync(new URL('../../src/commands/', import.meta.url), {
    recursive: true,
    encoding: 'utf8',
  })
  const ids = files.filter((file) => file.endsWith('.ts')).map((file) => file.replace(/\.ts$/, ''))
  assert.equal(Object.keys(kept.commands).sort(), ids.map((id) => id.replaceAll(/[/\\]/g, ':')).sort())
})

manifest('keeps defaults as help shows them', () => {
  assert.equal(defaults(kept), defaults(fresh))
  assert.ok(defaults(kept).some((row) => JSON.stringify(row) === '["eval","model","asp-recall"]'))
})

manifest('is enough for the help of every command', () => {
  const asked = Object.values(kept.commands).filter(({ hasDynamicHelp }) => hasDynamicHelp)
  assert.equal(
    asked.map(({ id }) => id),
    [],
  )
})

manifest.run()
