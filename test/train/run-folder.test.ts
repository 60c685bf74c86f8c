/** The folder of a training: one run in it at a time, and nothing in it replaced that is not the run's. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { statesFolder } from '../../src/train/checkpoints.js'
import { holdRunFolder } from '../../src/train/run-folder.js'
import { testFolder } from './fixture.js'

const test = suite('folder of a training')

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'held',
    (error: Error) => error.message,
  )

test('a second run into the same folder is refused, also to resume', async () => {
  const folder = join(testFolder(), 'pruned')
  const release = await holdRunFolder(folder, false)
  for (const resume of [false, true])
    assert.match(await messageOf(holdRunFolder(folder, resume)), /another run writes there, process \d+ on /)
  writeFileSync(join(folder, 'train-log.jsonl'), '')
  await release()
  assert.equal(readdirSync(folder), ['train-log.jsonl'])
  await (await holdRunFolder(folder, true))()
})

test('a folder that was made for nothing is taken back', async () => {
  const folder = join(testFolder(), 'pruned')
  await (await holdRunFolder(folder, false))()
  assert.not.ok(existsSync(folder))
})

for (const name of ['README.md', 'tokenizer.json', 'config.json', 'model.safetensors', 'train.json']) {
  test(`${name} of somebody is not replaced, nor by --resume before there is a state`, async () => {
    const folder = testFolder()
    writeFileSync(join(folder, name), 'mine')
    for (const resume of [false, true])
      assert.match(await messageOf(holdRunFolder(folder, resume)), new RegExp(`already, got .*${name}$`))
    assert.equal(readdirSync(folder), [name])
    assert.is(readFileSync(join(folder, name), 'utf8'), 'mine')
    mkdirSync(join(statesFolder(folder), 'step-000002'), { recursive: true })
    await (await holdRunFolder(folder, true))()
  })
}

test.run()
