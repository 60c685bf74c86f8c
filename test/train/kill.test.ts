/** kill -9 at random moments, also while files are written: what goes on is the run that was never killed. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testFolder } from './fixture.js'

const WORKER = join(import.meta.dirname, 'fake-run.ts')
const KILLS = 5

/** Runs until the end, or is killed so many milliseconds after its first step; whether it came to the end. */
function run(folder: string, killAfter?: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.once('data', () => {
    if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter)
  })
  return new Promise((resolve) => child.on('close', (status) => resolve(status === 0)))
}

/** Lines without what differs from run to run. */
function logOf(folder: string): unknown[] {
  const lines = readFileSync(join(folder, 'train-log.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { seconds: _s, tokens_per_second: _t, ...rest } = JSON.parse(line) as Record<string, unknown>
    return rest
  })
}

const test = suite('kill -9')

test(`${KILLS} times in a run: the same log, the same weights`, async () => {
  const [whole, killed] = [testFolder(), testFolder()]
  assert.ok(await run(whole))
  let kills = 0
  while (kills < KILLS && !(await run(killed, Math.random() * 300))) kills += 1
  assert.ok(kills > 0, 'was never killed')
  if (!existsSync(join(killed, 'train.json'))) assert.ok(await run(killed))
  assert.equal(logOf(killed), logOf(whole))
  for (const name of [
    'model.safetensors',
    'config.json',
    'checkpoints/step-000090/second-moments.safetensors',
  ]) {
    assert.ok(readFileSync(join(killed, name)).equals(readFileSync(join(whole, name))), name)
  }
})

test.run()
