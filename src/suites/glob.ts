/** Globs, matched in time that grows with the product of both lengths at most: no number of stars makes one slow. */

export interface Glob {
  test(text: string): boolean
  /** As it was written. */
  toString(): string
}

/** Over names: `*` is any text, `?` any character. */
export function nameGlob(glob: string): Glob {
  return { test: (name) => matches(glob, name, { one: '?', barrier: null }), toString: () => glob }
}

/** Over paths: `*` is any text without `/`. */
export function filesGlob(glob: string): Glob {
  return { test: (path) => matches(glob, path, { one: null, barrier: '/' }), toString: () => glob }
}

interface Dialect {
  /** Stands for any character. */
  one: string | null
  /** What a star does not pass. */
  barrier: string | null
}

/**
 * Each star first takes nothing. Where the rest then does not fit, the last star takes one character more and the rest is tried
 * again; stars before it need not be tried anew, as what stands between them fits already, as far to the left as it can.
 */
function matches(glob: string, text: string, { one, barrier }: Dialect): boolean {
  let [at, i] = [0, 0]
  let star = -1
  let taken = 0
  while (at < text.length) {
    if (glob[i] === '*') {
      star = i++
      taken = at
    } else if (i < glob.length && (glob[i] === text[at] || glob[i] === one)) {
      i++
      at++
    } else if (star >= 0 && text[taken] !== barrier) {
      i = star + 1
      at = ++taken
    } else return false
  }
  while (glob[i] === '*') i++
  return i === glob.length
}
