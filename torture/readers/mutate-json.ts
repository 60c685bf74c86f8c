/** Changes to a JSON value that leave it JSON: other types, odd numbers and texts, keys that are missing, doubled or every object's. */
import type { Random } from './random.js'

/** Text that stands for itself once the value is written: what JSON.stringify never writes. */
const raw = (text: string): string => `\ue000${text}\ue001`
const RAW = /"\ue000(.*?)\ue001"/gs

const nested = (open: string, close: string, inner: string, depth: number): string =>
  open.repeat(depth) + inner + close.repeat(depth)

const ODD_NUMBERS: readonly unknown[] = [
  0,
  -1,
  0.5,
  -0.5,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e300,
  1e-320,
  ...['-0', '1e999', '-1e999', '9007199254740993', '123456789012345678901234567890', '1E+2', '0.1e-7'].map(
    raw,
  ),
]
/** What Python writes and JSON does not have. */
const NOT_JSON = ['NaN', 'Infinity', '-Infinity', 'undefined', "'single'", '01', '0x10', '[1,]', '/**/1'].map(
  raw,
)
const ODD_TEXTS: readonly unknown[] = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '../../../../etc/passwd',
  'a/b',
  '\0',
  '\u001b[31mred\u001b[0m',
  '\u009b2J',
  'a\nb\r\nc',
  '::error::x',
  '##[group]',
  '\u202eabc',
  '\u{1f600}',
  '\ufeffx',
  '\ufffe',
  '</script><script>',
  '{field}',
  '{}',
  '%s',
  '-1',
  '1e5',
  'null',
  raw('"\\ud800"'),
  raw('"\\udc00x"'),
]
const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'length',
  '0',
  '',
  ' ',
  'a.b',
  '\u001b[31m',
  '\n',
]
const OTHER_TYPES: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  { a: 1 },
  'text',
  7,
  [1, 2, 3],
]

/** A value in place of another. */
function oddValue(random: Random): unknown {
  const share = random.next()
  if (share < 0.3) return random.pick(OTHER_TYPES)
  if (share < 0.55) return random.pick(ODD_NUMBERS)
  if (share < 0.8) return random.pick(ODD_TEXTS)
  if (share < 0.85) return random.pick(NOT_JSON)
  const depth = random.pick([100, 3_000, 20_000])
  if (share < 0.9) return raw(nested('[', ']', '1', depth))
  if (share < 0.93) return raw(nested('{"a":', '}', 'null', depth))
  if (share < 0.97)
    return random.pick(['x', '\u{1f600}', '"\\', ' ', '\u001b']).repeat(random.pick([500, 70_000]))
  return Array.from({ length: random.pick([300, 20_000]) }, () => random.pick([0, null, 'x', -1]))
}

type Holder = Record<string, unknown>

/** Also where the key is `__proto__`. */
const put = (holder: Holder, key: string, value: unknown): void => {
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true })
}

/** A part of the value, by a walk from its top: `holder[key]`. */
function place(value: unknown, random: Random): { holder: Holder; key: string } | null {
  let found: { holder: Holder; key: string } | null = null
  let at = value
  while (typeof at === 'object' && at !== null) {
    const keys = Object.keys(at)
    if (keys.length === 0) break
    const key = random.pick(keys)
    found = { holder: at as Holder, key }
    at = (at as Holder)[key]
    if (random.chance(0.15)) break
  }
  return found
}

const CHANGES: readonly ((holder: Holder, key: string, random: Random, root: unknown) => void)[] = [
  (holder, key, random) => put(holder, key, oddValue(random)),
  (holder, key, random) => put(holder, key, oddValue(random)),
  (holder, key) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else Reflect.deleteProperty(holder, key)
  },
  (holder, key, random) => {
    const value = holder[key]
    if (typeof value === 'number')
      put(holder, key, random.pick([-value, value + 1, value * 10, value / 3, value + 1e-9]))
    else if (typeof value === 'string')
      put(holder, key, random.pick([`${value}x`, value.slice(1), value.toUpperCase()]))
    else if (typeof value === 'boolean') put(holder, key, !value)
    else put(holder, key, random.pick([null, [value], '{}']))
  },
  // Two parts change places.
  (holder, key, random, root) => {
    const other = place(root, random)
    if (other === null) return
    const [a, b] = [holder[key], other.holder[other.key]].map((one) => structuredClone(one))
    put(holder, key, b)
    put(other.holder, other.key, a)
  },
  (holder, key, random) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(holder[Number(key)]))
    else
      put(
        holder,
        random.pick([...ODD_KEYS, `${key}2`]),
        random.chance(0.5) ? structuredClone(holder[key]) : oddValue(random),
      )
  },
  // Another name.
  (holder, key, random) => {
    if (Array.isArray(holder)) return void holder.reverse()
    const value = holder[key]
    Reflect.deleteProperty(holder, key)
    put(holder, random.pick([...ODD_KEYS, key.toUpperCase(), `${key} `]), value)
  },
  // A key twice, as JSON allows: the last one counts.
  (holder, key, random) => {
    if (!Array.isArray(holder)) put(holder, `\ue002${key}`, oddValue(random))
  },
]

/** The text of a value that is like `text` but for one change; null where `text` is not JSON, or nested too deep to write again. */
export function mutateJson(text: string, random: Random): string | null {
  try {
    return changed(JSON.parse(text), random)
      .replaceAll('\ue002', '')
      .replace(RAW, (_, inner: string) => JSON.parse(`"${inner}"`))
  } catch {
    return null
  }
}

function changed(value: unknown, random: Random): string {
  const found = place(value, random)
  if (found === null || random.chance(0.01)) return JSON.stringify(oddValue(random))
  random.pick(CHANGES)(found.holder, found.key, random, value)
  return JSON.stringify(value)
}
