#!/usr/bin/env node
// Runs the commands from src/ through tsx; no build needed, and what a build says of the commands is not asked.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Config, Plugin } from '@oclif/core'
import { register } from 'tsx/esm/api'

register()
const { main } = await import('../src/cli/main.ts')
const root = fileURLToPath(new URL('..', import.meta.url))
const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
pjson.oclif.commands = './src/commands'
const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true })
await plugin.load()
const config = await Config.load({ root, pjson, plugins: [plugin] })
await main(process.argv.slice(2), config)
