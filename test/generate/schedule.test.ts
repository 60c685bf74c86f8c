import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPace } from '../../src/generate/pace.js'
import { type Call, createSchedule, type Schedule } from '../../src/generate/schedule.js'
import { seededFloats } from '../reference/floats.js'

const test = suite('schedule')

/** A call in short: `prefill 0@1` is sequence 0 at slot 1. */
function short(call: Call | null): string {
  if (call === null) return 'nothing'
  const assignments = call.assignments.map(({ sequence, slot }) => `${sequence}@${slot}`).join(' ')
  return call.kind === 'decode' ? `decode ${assignments} x${call.steps}` : `${call.kind} ${assignments}`
}

function calls(schedule: Schedule, steps: number, most = 1000): string[] {
  const all: string[] = []
  for (let call = schedule.next(steps); call !== null && all.length < most; call = schedule.next(steps)) {
    all.push(short(call))
  }
  return all
}

test('one sequence: its prompt gives the first token, steps the others', () => {
  assert.equal(calls(createSchedule([6], 1), 2), [
    'prefill 0@0',
    'decode 0@0 x2',
    'decode 0@0 x2',
    'decode 0@0 x1',
    'release 0@0',
  ])
  assert.equal(calls(createSchedule([1], 4), 8), ['prefill 0@0', 'release 0@0'])
  assert.equal(calls(createSchedule([], 4), 8), [])
})

test('a slot is given to the next sequence as soon as it is free', () => {
  assert.equal(calls(createSchedule([3, 9, 2, 5], 2), 4), [
    'prefill 0@0 1@1',
    'decode 0@0 1@1 x2',
    'release 0@0',
    'prefill 2@0',
    'decode 1@1 2@0 x1',
    'release 2@0',
    'prefill 3@0',
    'decode 1@1 3@0 x4',
    'release 3@0',
    'decode 1@1 x1',
    'release 1@1',
  ])
})

test('a sequence that ends early makes room; one that is over already changes nothing', () => {
  const schedule = createSchedule([50, 50, 50], 2)
  assert.equal(calls(schedule, 4, 2), ['prefill 0@0 1@1', 'decode 0@0 1@1 x4'])
  schedule.end(1)
  assert.equal(calls(schedule, 4, 3), ['release 1@1', 'prefill 2@1', 'decode 0@0 2@1 x4'])
  schedule.end(1)
  assert.is(short(schedule.next(4)), 'decode 0@0 2@1 x4')
})

test('stopping releases what runs and begins nothing new', () => {
  const schedule = createSchedule([50, 50, 50], 2)
  calls(schedule, 4, 2)
  schedule.stop()
  assert.equal(calls(schedule, 4), ['release 0@0 1@1'])
})

test('whatever ends whenever: no slot is held twice, every sequence gets its turn and no token too many', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededFloats(seed)
    const upTo = (most: number): number => Math.floor((random(1)[0] + 0.5) * most)
    const slots = 1 + upTo(6)
    const wanted = Array.from({ length: upTo(20) }, () => 1 + upTo(30))
    const schedule = createSchedule(wanted, slots)
    const held = new Map<number, number>()
    const got = wanted.map(() => 0)
    const ended = new Set<number>()
    const turns: number[] = []
    for (let call = schedule.next(1 + upTo(9)); call !== null; call = schedule.next(1 + upTo(9))) {
      for (const { sequence, slot } of call.assignments) {
        assert.ok(slot >= 0 && slot < slots)
        if (call.kind === 'prefill') {
          assert.not(held.has(slot), `slot ${slot} is taken`)
          held.set(slot, sequence)
          turns.push(sequence)
          got[sequence]++
        } else {
          assert.is(held.get(slot), sequence)
          assert.is(call.kind === 'release', ended.has(sequence) || got[sequence] === wanted[sequence])
        }
        if (call.kind === 'decode') got[sequence] += call.steps
        if (call.kind === 'release') held.delete(slot)
      }
      const { sequence } = call.assignments[upTo(call.assignments.length)]
      if (call.kind === 'decode' && upTo(4) === 0) {
        ended.add(sequence)
        schedule.end(sequence)
      }
    }
    assert.is(held.size, 0)
    assert.equal(turns, [...wanted.keys()])
    for (const [sequence, most] of wanted.entries()) {
      assert.ok(ended.has(sequence) ? got[sequence] <= most : got[sequence] === most)
    }
  }
})

test('the pace settles where a submission takes about 75 ms, whatever the first one took', () => {
  for (const [perStep, settled] of [
    [0.2, 1],
    [0.075, 1],
    [0.01, 7],
    [0.0005, 64],
    [0, 64],
  ]) {
    const pace = createPace(64)
    assert.is(pace.steps(), 1)
    pace.took(1, 5)
    assert.is(pace.steps(), 1)
    for (let i = 0; i < 5; i++) {
      const steps = pace.steps()
      pace.took(steps, steps * perStep)
      assert.ok(pace.steps() <= 4 * steps)
    }
    assert.is(pace.steps(), settled, `${perStep} s a step`)
  }
})

test.run()
