#!/usr/bin/env node
import { Config } from '@oclif/core'
import { main } from '../dist/cli/main.js'

await main(process.argv.slice(2), await Config.load(import.meta.url))
