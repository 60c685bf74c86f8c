import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { collectEnvironment, commitOf } from '../../../src/record/io/environment.js'
import { recordParts } from '../fixture.js'

const test = suite('environment')

test('versions and machine are found', async () => {
  const { adapter } = recordParts().environment
  const environment = await collectEnvironment(adapter)
  assert.equal(environment.adapter, adapter)
  assert.match(environment.dawn, /^\d+\.\d+\.\d+/)
  assert.match(environment.asp_version, /^\d+\.\d+\.\d+/)
  assert.is(environment.node, process.versions.node)
  assert.ok(environment.cores >= 1 && environment.memory_bytes > 0)
  assert.ok(environment.os.includes(os.release()))
})

test("the commit is that of the folder's own checkout, marked when tracked files changed", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'asp-commit-'))
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  try {
    assert.is(await commitOf(folder), null)
    git('init')
    assert.is(await commitOf(folder), null)
    await writeFile(path.join(folder, 'a'), '1')
    git('add', 'a')
    git('commit', '-m', 'one')
    const commit = git('rev-parse', 'HEAD')
    assert.is(await commitOf(folder), commit)
    await writeFile(path.join(folder, 'untracked'), '')
    assert.is(await commitOf(folder), commit)
    await writeFile(path.join(folder, 'a'), '2')
    assert.is(await commitOf(folder), `${commit}-dirty`)
    const inner = path.join(folder, 'node_modules')
    await mkdir(inner)
    assert.is(await commitOf(inner), null)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.run()
