/** Which parts of linear memory are taken: first fit, neighbours joined when freed. Pure bookkeeping. */

interface Range {
  address: number
  bytes: number
}

/** Cache lines, so that no two buffers share one. */
const ALIGN = 64

export class Heap {
  /** Free ranges by ascending address, no two of them adjacent; the last may be grown. */
  readonly #free: Range[] = []
  readonly #taken = new Map<number, number>()
  #end: number
  /** Makes memory end at this address or later; false when there is no more. */
  readonly #grow: (end: number) => boolean

  /** `from`: the first address there is, and the end of memory so far. */
  constructor(from: number, grow: (end: number) => boolean) {
    this.#end = from
    this.#grow = grow
  }

  /** Address of `bytes` bytes, or null where there is no room; `fresh` when they were never handed out before. */
  take(bytes: number): { address: number; fresh: boolean } | null {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN)
    const index = this.#free.findIndex((range) => range.bytes >= size)
    if (index >= 0) return { address: this.#split(index, size), fresh: false }
    const last = this.#free.at(-1)
    const address = last !== undefined && last.address + last.bytes === this.#end ? last.address : this.#end
    if (!this.#grow(address + size)) return null
    if (address < this.#end) this.#free.pop()
    const fresh = address === this.#end
    this.#end = address + size
    this.#taken.set(address, size)
    return { address, fresh }
  }

  /** Bytes that are taken. */
  get taken(): number {
    return [...this.#taken.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Gives back what `take` gave. */
  release(address: number): void {
    const bytes = this.#taken.get(address)
    if (bytes === undefined) throw new RangeError(`heap: nothing was taken at ${address}`)
    this.#taken.delete(address)
    let at = this.#free.findIndex((range) => range.address > address)
    if (at < 0) at = this.#free.length
    this.#free.splice(at, 0, { address, bytes })
    this.#join(at)
    this.#join(at - 1)
  }

  #split(index: number, size: number): number {
    const range = this.#free[index]
    const { address } = range
    if (range.bytes === size) this.#free.splice(index, 1)
    else {
      range.address += size
      range.bytes -= size
    }
    this.#taken.set(address, size)
    return address
  }

  #join(index: number): void {
    const [one, next] = [this.#free[index], this.#free[index + 1]]
    if (one === undefined || next === undefined || one.address + one.bytes !== next.address) return
    one.bytes += next.bytes
    this.#free.splice(index + 1, 1)
  }
}
