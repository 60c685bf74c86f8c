/** The stack machine of pickle: its stack, its marks, what it remembers, and how it reads numbers and texts. */
import { Failure } from '../../errors.js'
import { shown } from './located.js'

/** What a pickle may name. */
export interface PickleNames {
  /** By `module.name`: what calling it makes of its arguments, or null for a name that is only mentioned. */
  known: ReadonlyMap<string, ((args: readonly unknown[]) => unknown) | null>
  /** What stands for an object that is kept outside of the pickle. */
  persistent?: (id: unknown) => unknown
}

/** A name that the table has. */
export class PickleName {
  constructor(readonly name: string) {}
}

/** Of a line, a name for instance. */
const LONGEST_LINE = 1000
/** Bytes of a whole number: more than any size, and than the number that older files begin with. */
const LONGEST_NUMBER = 16

export class PickleMachine {
  private stack: unknown[] = []
  private readonly below: unknown[][] = []
  readonly memo = new Map<number, unknown>()
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    readonly names: PickleNames,
    private readonly file: string,
    public at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** @throws Failure always */
  refuse(what: string): never {
    throw new Failure(`${this.file}: its pickle has ${what} (byte ${this.at - 1}); nothing of it was run`, {
      hint: 'keep only tensors and plain settings in it: torch.save(model.state_dict(), ...)',
    })
  }

  broken(what: string): never {
    throw new Failure(`${this.file}: its pickle is damaged at byte ${this.at}: ${what}`, {
      hint: 'download or export the file again',
    })
  }

  take(length: number): Uint8Array {
    const from = this.at
    if (!(length >= 0 && length <= this.bytes.byteLength - from))
      this.broken(`${length} bytes are announced, ${this.bytes.byteLength - from} are left`)
    this.at = from + length
    return this.bytes.subarray(from, this.at)
  }

  byte(): number {
    return this.take(1)[0]
  }

  /** Little-endian, of 1, 2, 4 or 8 bytes. */
  count(width: number): number {
    const bytes = this.take(width)
    let value = 0
    for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[i]
    return value
  }

  int32(): number {
    this.take(4)
    return this.view.getInt32(this.at - 4, true)
  }

  float64(): number {
    this.take(8)
    return this.view.getFloat64(this.at - 8, false)
  }

  line(): string {
    const end = this.bytes.subarray(this.at, this.at + LONGEST_LINE).indexOf(10)
    if (end < 0) this.broken(`a line must end within ${LONGEST_LINE} bytes`)
    const text = TEXT.decode(this.take(end))
    this.at += 1
    return text
  }

  text(length: number): string {
    return TEXT.decode(this.take(length))
  }

  /** Two's complement, little-endian. */
  long(length: number): number | bigint {
    if (length > LONGEST_NUMBER)
      this.broken(`a whole number of ${length} bytes, of at most ${LONGEST_NUMBER}`)
    const bytes = this.take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i])
    return whole(BigInt.asIntN(8 * length, value))
  }

  push(value: unknown): void {
    this.stack.push(value)
  }

  pop(): unknown {
    if (this.stack.length === 0) this.broken('the stack is empty')
    return this.stack.pop()
  }

  top(): unknown {
    if (this.stack.length === 0) this.broken('the stack is empty')
    return this.stack[this.stack.length - 1]
  }

  mark(): void {
    this.below.push(this.stack)
    this.stack = []
  }

  /** What was pushed since the last mark. */
  popMark(): unknown[] {
    const items = this.stack
    this.stack = this.below.pop() ?? this.broken('there is no mark')
    return items
  }

  /** POP also takes away a mark. */
  discard(): void {
    if (this.stack.length > 0) this.stack.pop()
    else this.popMark()
  }

  get(key: number): void {
    if (!this.memo.has(key)) this.broken(`nothing is remembered under ${key}`)
    this.push(this.memo.get(key))
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.broken('a name must be a text')
    const full = `${module}.${name}`
    if (!this.names.known.has(full)) this.refuse(`the name ${shown(full)}, which no checkpoint needs`)
    this.push(new PickleName(full))
  }

  call(): void {
    const args = this.pop()
    const callee = this.pop()
    if (!(callee instanceof PickleName)) this.refuse('a call of something that is no name')
    const run = this.names.known.get(callee.name)
    if (run == null) this.refuse(`a call of ${callee.name}, which makes nothing`)
    this.push(run(Array.isArray(args) ? args : this.broken(`${callee.name} is called without arguments`)))
  }

  /** A dictionary may have attributes (a state dict's `_metadata`), which say nothing of weights. */
  build(): void {
    this.pop()
    if (!(this.top() instanceof Map)) this.refuse('attributes of an object')
  }

  extend(items: readonly unknown[]): void {
    const list = this.top()
    if (!Array.isArray(list)) this.broken('items are added to something that is no list')
    for (const item of items) list.push(item)
  }

  set(items: readonly unknown[]): void {
    const table = this.top()
    if (!(table instanceof Map)) this.broken('entries are added to something that is no dictionary')
    this.fill(table, items)
  }

  fill(table: Map<unknown, unknown>, items: readonly unknown[]): Map<unknown, unknown> {
    if (items.length % 2 !== 0) this.broken('a key has no value')
    for (let i = 0; i < items.length; i += 2) table.set(items[i], items[i + 1])
    return table
  }

  persistent(): void {
    const { persistent } = this.names
    if (persistent === undefined) this.refuse('an object outside of it')
    this.push(persistent(this.pop()))
  }

  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop())
    this.push(items.reverse())
  }
}

const TEXT = new TextDecoder('utf-8')
export const BYTES = new TextDecoder('latin1')

export const whole = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
