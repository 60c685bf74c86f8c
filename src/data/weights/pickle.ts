/**
 * Pickle, the form in which Python writes values down, read as data. A pickle is a program for a stack machine that may name any function
 * and call it; here a name is looked up in the caller's table, and whatever the table lacks ends the reading. Nothing is imported or run.
 * Lists and tuples become arrays, dictionaries become Maps. Opcodes: Lib/pickletools.py of CPython, protocols 0 to 5.
 */
import { Failure } from '../../errors.js'
import { BYTES, PickleMachine, type PickleNames, whole } from './pickle-machine.js'

/** Of values: a checkpoint of 48 layers and its optimizer takes 60,000. An empty dictionary is one byte there and hundreds here. */
const MOST_STEPS = 1_000_000

/**
 * @param file for messages
 * @returns the value, and the place behind its last opcode
 * @throws Failure on a name that is not in the table, an opcode that makes objects of classes, and anything malformed
 */
export function unpickle(
  bytes: Uint8Array,
  names: PickleNames,
  file: string,
  start = 0,
): { value: unknown; end: number } {
  const machine = new PickleMachine(bytes, names, file, start)
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const opcode = String.fromCharCode(machine.byte())
    if (opcode === '.') return { value: machine.pop(), end: machine.at }
    const run = OPCODES[opcode]
    if (run === undefined) machine.refuse(`opcode ${hex(opcode)}${named(opcode)}, which asp does not run`)
    run(machine)
  }
  throw new Failure(`${file}: its pickle must end within ${MOST_STEPS} steps, got more`, {
    hint: 'keep the weights in it, and no lists of other things',
  })
}

/** INT's `01` and `00` are truth values. */
function decimal(machine: PickleMachine, line: string): unknown {
  if (line === '01') return true
  if (line === '00') return false
  const digits = line.replace(/L$/, '')
  if (!/^-?\d{1,40}$/.test(digits)) machine.broken(`not a whole number: ${JSON.stringify(line)}`)
  return whole(BigInt(digits))
}

function quoted(machine: PickleMachine, line: string): string {
  const { text } = /^(?<quote>["'])(?<text>.*)\k<quote>$/s.exec(line)?.groups ?? {}
  return text ?? machine.broken('a text must be in quotes')
}

const OPCODES: Readonly<Record<string, (machine: PickleMachine) => void>> = {
  '\x80': (m) => m.take(1),
  '\x95': (m) => m.take(8),
  '(': (m) => m.mark(),
  '0': (m) => m.discard(),
  '1': (m) => m.popMark(),
  '2': (m) => m.push(m.top()),
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  I: (m) => m.push(decimal(m, m.line())),
  L: (m) => m.push(decimal(m, m.line())),
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.count(2)),
  '\x8a': (m) => m.push(m.long(m.byte())),
  '\x8b': (m) => m.push(m.long(m.count(4))),
  F: (m) => m.push(Number(m.line())),
  G: (m) => m.push(m.float64()),
  S: (m) => m.push(quoted(m, m.line())),
  T: (m) => m.push(BYTES.decode(m.take(m.count(4)))),
  U: (m) => m.push(BYTES.decode(m.take(m.byte()))),
  V: (m) => m.push(m.line()),
  X: (m) => m.push(m.text(m.count(4))),
  '\x8c': (m) => m.push(m.text(m.byte())),
  '\x8d': (m) => m.push(m.text(m.count(8))),
  B: (m) => m.push(m.take(m.count(4))),
  C: (m) => m.push(m.take(m.byte())),
  '\x8e': (m) => m.push(m.take(m.count(8))),
  '\x96': (m) => m.push(m.take(m.count(8))),
  ']': (m) => m.push([]),
  '\x8f': (m) => m.push([]),
  ')': (m) => m.push([]),
  '}': (m) => m.push(new Map()),
  l: (m) => m.push(m.popMark()),
  t: (m) => m.push(m.popMark()),
  '\x91': (m) => m.push(m.popMark()),
  d: (m) => m.push(m.fill(new Map(), m.popMark())),
  '\x85': (m) => m.tuple(1),
  '\x86': (m) => m.tuple(2),
  '\x87': (m) => m.tuple(3),
  a: (m) => m.extend([m.pop()]),
  e: (m) => m.extend(m.popMark()),
  '\x90': (m) => m.extend(m.popMark()),
  s: (m) => m.set([m.pop(), m.pop()].reverse()),
  u: (m) => m.set(m.popMark()),
  p: (m) => m.memo.set(Number(m.line()), m.top()),
  q: (m) => m.memo.set(m.byte(), m.top()),
  r: (m) => m.memo.set(m.count(4), m.top()),
  '\x94': (m) => m.memo.set(m.memo.size, m.top()),
  g: (m) => m.get(Number(m.line())),
  h: (m) => m.get(m.byte()),
  j: (m) => m.get(m.count(4)),
  c: (m) => m.global(m.line(), m.line()),
  '\x93': (m) => m.global(...([m.pop(), m.pop()].reverse() as [unknown, unknown])),
  // INST names a class as GLOBAL does, and is refused here for the name if not for itself.
  i: (m) => {
    m.global(m.line(), m.line())
    m.refuse('opcode INST')
  },
  R: (m) => m.call(),
  '\x81': (m) => m.call(),
  b: (m) => m.build(),
  Q: (m) => m.persistent(),
}

/** Opcodes of the language that are missing above: they make objects of classes, or point outside of the file. */
const REFUSED: Readonly<Record<string, string>> = {
  o: 'OBJ',
  P: 'PERSID',
  '\x82': 'EXT1',
  '\x83': 'EXT2',
  '\x84': 'EXT4',
  '\x92': 'NEWOBJ_EX',
  '\x97': 'NEXT_BUFFER',
  '\x98': 'READONLY_BUFFER',
}

const named = (opcode: string): string => (opcode in REFUSED ? ` (${REFUSED[opcode]})` : '')

const hex = (opcode: string): string => `0x${opcode.charCodeAt(0).toString(16).padStart(2, '0')}`
