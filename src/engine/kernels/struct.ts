/** Structs as shaders and twins read them, 4 bytes a field: described once, packed by name. */

export type Fields = Readonly<Record<string, 'u32' | 'f32'>>

export interface Struct<F extends Fields = Fields> {
  /** In their order in memory. */
  readonly fields: F
  readonly words: number
  pack(values: Values<F>): Uint32Array<ArrayBuffer>
  /** One after another. */
  table(list: readonly Values<F>[]): Uint32Array<ArrayBuffer>
}

export type Values<F extends Fields> = { readonly [name in keyof F]: number }

export function struct<const F extends Fields>(fields: F): Struct<F> {
  const types = Object.entries(fields)
  const wordsOf = (values: Values<F>): number[] =>
    types.map(([name, type]) => (type === 'f32' ? floatBits(values[name]) : values[name]))
  return {
    fields,
    words: types.length,
    pack: (values) => Uint32Array.from(wordsOf(values)),
    table: (list) => Uint32Array.from(list.flatMap(wordsOf)),
  }
}

const FLOAT = new Float32Array(1)
const BITS = new Uint32Array(FLOAT.buffer)

/** The bits of a float, to put it among u32 words. */
export function floatBits(value: number): number {
  FLOAT[0] = value
  return BITS[0]
}
