/**
 * What names and texts of others (models, suites, files, documents) go through before they are written: one function for each kind
 * of output. None lets through what a terminal obeys or what turns text around: C0 and C1 controls, DEL, bidirectional marks. Pure.
 */

/** Line ends and tabs of all kinds. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g
/** Controls but for line feed and tab, marks that change the direction of text, halves of surrogate pairs. */
const CONTROLS = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu
const REPLACED = '\ufffd'

/** Text in one line: a cell, a name, a message. */
export const oneLine = (text: string): string => text.replace(BREAKS, ' ').replace(CONTROLS, REPLACED)

/** Text that keeps its lines and tabs. */
export const manyLines = (text: string): string =>
  text.replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n').replace(CONTROLS, REPLACED)

/**
 * Whole output of asp, as the last resort: what got here in spite of the others. GitHub Actions obeys lines that begin with `::` and,
 * anywhere in a line, `##[`; neither is asp's.
 */
export const output = (text: string): string =>
  manyLines(text)
    .replace(/^(\s*):(?=:)/gm, '$1: ')
    .replaceAll('##[', '## [')

/** Escape sequences that only colour text. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[[\\d;]*m)`)

/** The same of output with colours of asp's own; what it says of others went through one of the functions above. */
export const colouredOutput = (text: string): string =>
  text
    .split(COLOUR)
    .map((part, i) => (i % 2 === 1 ? part : output(part)))
    .join('')

/** Unseen, and enough for GitHub to see neither an account, nor an issue, nor an address. */
const APART = '&#8203;'

/** Text inside a paragraph, a list or a table of Markdown. */
export const markdown = (text: string): string =>
  oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*[\]|~]/g, '\\$&')
    // Within a word it is just a letter: acc_norm.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/[@#](?=\w)/g, `\\$&${APART}`)
    .replace(/:(?=\/\/)|www(?=\.)/gi, `$&${APART}`)

/** A name as code in Markdown. */
export function markdownCode(text: string): string {
  const plain = oneLine(text).replaceAll('|', '¦')
  const runs = plain.match(/`+/g)?.map((run) => run.length) ?? []
  const fence = '`'.repeat(Math.max(0, ...runs) + 1)
  return runs.length === 0 ? `\`${plain}\`` : `${fence} ${plain} ${fence}`
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text in elements and quoted attributes of HTML and XML, where not every character may stand, escaped or not. */
export const markup = (text: string): string =>
  xmlCharacters(text.replace(CONTROLS, REPLACED)).replace(/[&<>"']/g, (char) => ENTITIES[char])

/** Markup with nothing in it that XML has no place for, such as U+FFFE. */
export const xmlCharacters = (text: string): string =>
  text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, REPLACED)

/** Numbers, percentages and intervals, which may begin with a sign. */
const NUMERIC = /^[-+]?[\d.,]+(e[-+]?\d+)?( %)?( to [-+]?[\d.,]+( %)?)?$/i

/** A cell of CSV (RFC 4180) that no spreadsheet takes for a formula. */
export function csv(text: string): string {
  const plain = manyLines(text)
  const safe = /^\s*[=+\-@]./s.test(plain) && !NUMERIC.test(plain) ? `'${plain}` : plain
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The message of a workflow command of GitHub Actions. */
export const annotation = (text: string): string => oneLine(text).replaceAll('%', '%25')

/** A property of one. */
export const annotationProperty = (text: string): string =>
  annotation(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** Text of JSON that says the same, without the characters that JSON itself allows and a terminal obeys. */
export const terminalJson = (text: string): string =>
  text.replace(CONTROLS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
