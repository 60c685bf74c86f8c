/** The normalizers of tokenizer.json: text in, text out, as Python's tokenizers library has them. */
import type { JsonObject } from '../json-file.js'
import { byteCharacters } from './bytes.js'
import { partOf } from './parts.js'
import type { CompilePattern } from './patterns.js'

export type Normalizer = (text: string) => string
type Make = (options: JsonObject, compile: CompilePattern) => Normalizer

const NORMALIZERS: Readonly<Record<string, Make>> = {
  NFC: () => (text) => text.normalize('NFC'),
  NFD: () => (text) => text.normalize('NFD'),
  NFKC: () => (text) => text.normalize('NFKC'),
  NFKD: () => (text) => text.normalize('NFKD'),
  Lowercase: () => lowercase,
  StripAccents: () => (text) => text.replace(/\p{M}/gu, ''),
  ByteLevel: () => byteCharacters,
  Prepend: ({ prepend }) => {
    const start = String(prepend)
    return (text) => (text === '' ? text : start + text)
  },
  Strip: ({ strip_left, strip_right }) => {
    const ends = [strip_left && '^\\p{White_Space}+', strip_right && '\\p{White_Space}+$'].filter(Boolean)
    if (ends.length === 0) return (text) => text
    const any = new RegExp(ends.join('|'), 'gu')
    return (text) => text.replace(any, '')
  },
  Replace: ({ pattern, content }, compile) => {
    const regex = compile(pattern)
    return (text) => text.replace(regex, () => String(content))
  },
  BertNormalizer: bert,
  Sequence: ({ normalizers }, compile) => {
    if (!Array.isArray(normalizers)) throw new Error('normalizers must be a list')
    const steps = normalizers.map((one) => createNormalizer(one, compile))
    return (text) => steps.reduce((step, normalize) => normalize(step), text)
  },
}

/** Error: a type that asp does not have. */
export function createNormalizer(normalizer: unknown, compile: CompilePattern): Normalizer {
  if (normalizer === null || normalizer === undefined) return (text) => text
  const { make, options } = partOf(NORMALIZERS, normalizer, 'normalizer')
  return make(options, compile)
}

/** Character by character: a sigma that ends a word is no other one. */
function lowercase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join('')
}

const CONTROLS = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\0\ufffd]/gu
const SPACES = /\p{White_Space}/gu
const CJK =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu

function bert({
  clean_text,
  handle_chinese_chars,
  strip_accents,
  lowercase: isLower,
}: JsonObject): Normalizer {
  const steps: Normalizer[] = []
  if (clean_text === true) steps.push((text) => text.replace(CONTROLS, '').replace(SPACES, ' '))
  if (handle_chinese_chars === true) steps.push((text) => text.replace(CJK, ' $& '))
  if (strip_accents ?? isLower) steps.push((text) => text.normalize('NFD').replace(/\p{Mn}/gu, ''))
  if (isLower === true) steps.push(lowercase)
  return (text) => steps.reduce((step, normalize) => normalize(step), text)
}
