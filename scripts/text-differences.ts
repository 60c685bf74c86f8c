/**
 * Where two texts that asp wrote differ, value by value of JSON and of lines of JSON, line by line of any other text. Times, speed, memory
 * and what tells which asp was run need not agree; that they are there, and of the same kind, is looked at all the same.
 */

/** A place is `<case>/<file>#/<key>/<index>`, in a text `<case>/<file>#/<the line>`. */
export interface Change {
  path: RegExp
  why: string
}

/** Values that no two runs need have in common. Their keys and kinds have to agree all the same. */
const NEVER_EQUAL: readonly Change[] = [
  { path: /\/(date|made)$/, why: 'when it was run' },
  { path: /\/(commit|asp_version|git_hash|pretty_env_info)$/, why: 'which asp was run' },
  { path: /\/(settings\/asp|records\/\d+\/version)$/, why: 'which asp was run' },
  { path: /\/(host_rss|host_peak_rss|rss|has)_bytes$/, why: 'memory of the process, and what else is free' },
  { path: /\/memory\/peak_bytes$/, why: 'whether results were read before the next batch took memory' },
  { path: /\/(timing\/.*|speed\/(peak_flops|of_peak))$/, why: 'speed' },
  { path: /\/((total_evaluation_time_|device_)?seconds|seconds_left)(\/|$)/, why: 'speed' },
  { path: /\/((host_)?tokens_per_s|tokens_per_second|(cpu_)?speedup|busy|stages)(\/|$)/, why: 'speed' },
  { path: /\/((device|host|cpu|first_token|step|latency|probe)_s)(\/|$)/, why: 'speed' },
  { path: /^report\/table-\d+\.txt#\/bytes$/, why: 'size of a page that has times in it' },
]

/** The same for what is printed. */
const NEVER_EQUAL_IN_TEXT: readonly [pattern: RegExp, instead: string][] = [
  [/^(Time +).*/gm, '$1...'],
  [/(peak) [\d.]+ [KM]iB/g, '$1 ...'],
  [/[\d.,]+ (ms|s)\b/g, '... $1'],
  [/[\d.,]+( tokens| requests)?\/s\b/g, '...$1/s'],
  [/\([\d.]+ of the adapter's peak\)/g, "(... of the adapter's peak)"],
]

/** Speed decides all figures that these print, and with them widths and plots: only their words are compared. */
const WORDS_ONLY = /^(bench|sweep-bench|sweep-plan)\/[^#]*\.(txt|csv)$/

export type Difference = { path: string; says: string }

/** @param place names the file, as in `ppl/run.json` */
export function differencesOf(place: string, before: string, after: string): Difference[] {
  const [a, b] = [before, after].map((text) => leavesOf(place, text))
  const found = bothOf([...a.keys()], [...b.keys()]).flatMap((path) => {
    const [old, now] = [a.get(path), b.get(path)]
    const unequal = NEVER_EQUAL.find((one) => one.path.test(path))
    if (!b.has(path)) return [{ path, says: `only before, ${show(old)}` }]
    if (!a.has(path)) return [{ path, says: `only after, ${show(now)}` }]
    const same = unequal === undefined ? Object.is(old, now) : typeof old === typeof now
    return same ? [] : [{ path, says: `${show(old)} -> ${show(now)}` }]
  })
  const order = [...b.keys()].filter((path) => a.has(path))
  const moved = [...a.keys()].filter((path) => b.has(path)).find((path, i) => path !== order[i])
  return moved === undefined ? found : [...found, { path: moved, says: 'in another order' }]
}

/** Values of JSON, of lines of JSON and of the data in a page by their paths; lines of any other text, by themselves. */
function leavesOf(place: string, text: string): Map<string, unknown> {
  const data = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(text)?.[1]
  const found = parsed(data ?? text) ?? parsedLines(text)
  const leaves = new Map<string, unknown>()
  if (found !== undefined) addLeaves(found, `${place}#`, leaves)
  else
    for (const line of WORDS_ONLY.test(place) ? wordsOf(text) : withoutTimes(text).split('\n')) {
      let path = `${place}#/${line}`
      while (leaves.has(path)) path += ' (again)'
      leaves.set(path, 'a line')
    }
  return leaves
}

function addLeaves(value: unknown, path: string, into: Map<string, unknown>): void {
  const isObject = typeof value === 'object' && value !== null
  const entries = Object.entries(isObject ? value : {})
  for (const [key, part] of entries) addLeaves(part, `${path}/${key}`, into)
  // An empty list is a value, and another one than an empty object.
  if (entries.length === 0) into.set(path, isObject ? JSON.stringify(value) : value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parsedLines(text: string): unknown {
  const lines = text.trimEnd().split('\n').map(parsed)
  return lines.every((line) => typeof line === 'object' && line !== null) ? lines : undefined
}

const wordsOf = (text: string): string[] => [...new Set(text.match(/(?<!-)\b[A-Za-z]{3,}\b/g))].sort()
const withoutTimes = (text: string): string =>
  NEVER_EQUAL_IN_TEXT.reduce((text, [pattern, instead]) => text.replace(pattern, instead), text)
export const bothOf = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])]
const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 100)
