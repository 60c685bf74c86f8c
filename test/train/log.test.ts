/** The log of a run: what a run that goes on keeps of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logLineCheck } from '../../src/record/io/log-lines.js'
import type { EvalLine, RunLine, StepLine } from '../../src/record/train/schema.js'
import { keptLines, logPath, openLog } from '../../src/train/log.js'
import { trainLog } from '../record/train-fixture.js'
import { testFolder } from './fixture.js'

const test = suite('log of a training')

const WHOLE = trainLog()

const head = (date: number): RunLine => ({ ...WHOLE.run, date })
const step = (n: number): StepLine => ({ ...WHOLE.steps[0], step: n, loss: n })
const evaluation = (n: number): EvalLine => ({ ...WHOLE.evaluations[0], step: n })
const textOf = (folder: string): string => readFileSync(logPath(folder), 'utf8')
const lines = (...values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')

test('every line is in the file once it was appended', async () => {
  const folder = testFolder()
  const log = await openLog(folder, head(1), 0)
  assert.is(textOf(folder), lines(head(1)))
  await log.append(step(1))
  assert.is(textOf(folder), lines(head(1), step(1)))
  await log.append(evaluation(1))
  assert.is(textOf(folder), lines(head(1), step(1), evaluation(1)))
  assert.equal([log.steps, log.evaluations], [[step(1)], [evaluation(1)]])
  await log.close()
})

test('going on after a step keeps what is up to it, and the first line as it was', async () => {
  const folder = testFolder()
  const before = lines(head(1), evaluation(0), step(1), step(2), evaluation(2), step(3))
  writeFileSync(logPath(folder), `${before}{"kind":"step","step":4,"lo`)
  const log = await openLog(folder, head(2), 2)
  assert.is(textOf(folder), lines(head(1), evaluation(0), step(1), step(2), evaluation(2)))
  assert.equal(log.steps, [step(1), step(2)])
  await log.append(step(3))
  assert.ok(textOf(folder).endsWith(lines(step(2), evaluation(2), step(3))))
  await log.close()
})

test('from the beginning nothing is kept', async () => {
  const folder = testFolder()
  writeFileSync(logPath(folder), lines(head(1), step(1)))
  const log = await openLog(folder, head(2), 0)
  assert.is(textOf(folder), lines(head(2)))
  await log.close()
})

test('a log that is gone begins again', async () => {
  const folder = testFolder()
  const log = await openLog(folder, head(2), 50)
  assert.is(textOf(folder), lines(head(2)))
  await log.close()
})

test('what is no line of a log is left out', async () => {
  const text = `${lines(head(1), step(1))}\nnull\n[1]\n{"kind":"note"}\nhalf{\n${lines(head(3), step(2))}`
  assert.equal(keptLines(text, 9, await logLineCheck()), [head(1), step(1), step(2)])
})

test('a line that lacks a figure is left out, and a first line that does begins again: the record is made of them', async () => {
  const { loss: _, ...noLoss } = step(2)
  const { ctx: __, ...noCtx } = evaluation(2)
  const text = lines({ ...head(1), data: [] }, step(1), noLoss, noCtx, step(3))
  assert.equal(keptLines(text, 9, await logLineCheck()), [step(1), step(3)])
})

test.run()
