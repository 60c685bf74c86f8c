/**
 * JSON text as Python's `json.dumps(..., ensure_ascii=False)` writes it, so that files in lm-eval's layout are read the
 * same and hash the same. What JavaScript cannot tell apart is marked: `PythonFloat` is a float even when it is whole.
 */

/** A Python float: 1 is written `1.0`. */
export class PythonFloat {
  constructor(readonly value: number) {}
}

export type PythonValue =
  | string
  | number
  | boolean
  | null
  | PythonFloat
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue | undefined }

/** `repr(value)` of a float: the shortest digits that give it back, with an exponent below 1e-4 and from 1e16. */
export function pythonRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const [digits, exponent] = value.toExponential().split('e')
  const power = Number(exponent)
  if (value !== 0 && (power < -4 || power >= 16)) {
    const sign = power < 0 ? '-' : '+'
    return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`
  }
  if (Object.is(value, -0)) return '-0.0'
  // JavaScript has an exponent only from 1e21 and below 1e-6, so it has none in this range.
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}

/**
 * `json.dumps(value, indent=indent, ensure_ascii=False)`; without `indent` on one line, with Python's spaces.
 * Members that are undefined are left out. Not finite floats are `NaN` and `Infinity`, as Python has it.
 */
export function pythonDumps(value: PythonValue, { indent }: { indent?: number } = {}): string {
  return dump(value, indent, '')
}

function dump(value: PythonValue, indent: number | undefined, margin: string): string {
  if (value instanceof PythonFloat) return floatText(value.value)
  if (isList(value)) return bracketed('[]', value, (item, inner) => dump(item, indent, inner), indent, margin)
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(
      (member): member is [string, PythonValue] => member[1] !== undefined,
    )
    return bracketed(
      '{}',
      members,
      ([key, item], inner) => `${JSON.stringify(key)}: ${dump(item, indent, inner)}`,
      indent,
      margin,
    )
  }
  if (typeof value === 'number' && !Number.isInteger(value)) return floatText(value)
  return JSON.stringify(value)
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? pythonRepr(value) : `${value > 0 ? '' : '-'}Infinity`
}

function bracketed<T>(
  [open, close]: string,
  items: readonly T[],
  text: (item: T, margin: string) => string,
  indent: number | undefined,
  margin: string,
): string {
  if (items.length === 0) return `${open}${close}`
  if (indent === undefined) return `${open}${items.map((item) => text(item, '')).join(', ')}${close}`
  const inner = margin + ' '.repeat(indent)
  return `${open}\n${items.map((item) => inner + text(item, inner)).join(',\n')}\n${margin}${close}`
}

// Array.isArray does not narrow readonly arrays.
const isList = (value: PythonValue): value is readonly PythonValue[] => Array.isArray(value)
