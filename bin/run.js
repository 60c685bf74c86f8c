#!/usr/bin/env node
import { flush, run } from '@oclif/core'
import { failWith } from '../dist/cli/report-error.js'

await run(process.argv.slice(2), import.meta.url).then(() => flush(), failWith)
