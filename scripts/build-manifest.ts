/**
 * Writes oclif.manifest.json: every command with its flags and its help, so that oclif loads only the command that is run. Part of
 * `npm run build`, from what is in dist/. test/cli/manifest.test.ts shows that the two agree.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Interfaces, Plugin } from '@oclif/core'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const MANIFEST = join(ROOT, 'oclif.manifest.json')

/** The manifest of the commands in dist/; throws what a command throws that cannot be loaded. */
export async function commandManifest(): Promise<Interfaces.Manifest> {
  const pjson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const plugin = new Plugin({
    root: ROOT,
    pjson,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
  })
  await plugin.load()
  const { version, commands: found } = plugin.manifest
  // Found in the order the disk answers.
  const commands = Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
  // Defaults in help are fixed texts here, also those from functions: help need not load the command to ask again.
  for (const command of Object.values(commands)) command.hasDynamicHelp = false
  return { version, commands }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(MANIFEST, `${JSON.stringify(await commandManifest())}\n`)
}
