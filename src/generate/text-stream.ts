/** Tokens -> text as it becomes certain: unfinished characters and the beginnings of stop strings are held back. Pure. */

export interface TextStream {
  /** Text that is certain after this token, and whether a stop string was completed; nothing may follow then. */
  push(token: number): { text: string; stopped: boolean }
  /** What was still held back, when no more tokens come. */
  end(): string
}

/** What a decoder puts in place of bytes that are no character, or not one yet. */
const REPLACEMENT = '\ufffd'

/** `decode` gives the text of tokens, whose bytes are those of each put together; `stops` are left out of the text. */
export function createTextStream(
  decode: (tokens: readonly number[]) => string,
  stops: readonly string[],
): TextStream {
  const characters = createCharacters(decode)
  const matcher = createMatcher(stops)
  return {
    push: (token) => matcher.push(characters.push(token)),
    end: () => {
      const { text, stopped } = matcher.push(characters.end())
      return stopped ? text : text + matcher.end()
    },
  }
}

/** A token may end within a character (GPT-2's are bytes): the replacement character at the end then is not final. */
function createCharacters(decode: (tokens: readonly number[]) => string) {
  let open: number[] = []
  let given = 0
  return {
    push(token: number): string {
      open.push(token)
      const text = decode(open)
      const isOpen = text.endsWith(REPLACEMENT)
      const certain = isOpen ? text.slice(0, -1) : text
      const added = certain.slice(given)
      given = isOpen ? certain.length : 0
      if (!isOpen) open = []
      return added
    },
    end: (): string => (open.length === 0 ? '' : decode(open).slice(given)),
  }
}

function createMatcher(stops: readonly string[]) {
  let held = ''
  return {
    push(added: string): { text: string; stopped: boolean } {
      held += added
      const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0)
      if (found.length > 0) return { text: held.slice(0, Math.min(...found)), stopped: true }
      const text = held.slice(0, held.length - longestBeginning(held, stops))
      held = held.slice(text.length)
      return { text, stopped: false }
    },
    end: (): string => held,
  }
}

/** Length of the longest end of `text` that a stop string begins with. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}
