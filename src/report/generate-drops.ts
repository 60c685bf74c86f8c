/** Text in which dropped tokens fade: shades of grey on a terminal, brackets elsewhere. Pure. */
import type { ShadedPiece } from '../record/generate/schema.js'

export const SHADINGS = ['dark', 'light', 'plain'] as const
/** A terminal's background, or text without colours. */
export type Shading = (typeof SHADINGS)[number]

/** Greys of the 256-colour palette, from what one layer dropped to what all did: towards the background. */
const GREYS: Record<Exclude<Shading, 'plain'>, readonly [least: number, most: number]> = {
  dark: [249, 239],
  light: [243, 252],
}

/** Where there are no colours, this share of layers counts as dropped. */
const HALF = 0.5
const [OPEN, CLOSE] = ['⟦', '⟧']

/** What plain text cannot show by itself. */
export const plainLegend = (layer: number | undefined): string =>
  `${OPEN}${CLOSE}: dropped by ${layer === undefined ? 'at least half of the layers' : `layer ${layer}`}`

/** COLORFGBG, where a terminal sets it, ends with the colour of the background: 7 and 9 to 15 are light. */
export function terminalShading(noColor: string | undefined, colorFgBg = ''): Shading {
  if (noColor) return 'plain'
  const background = Number(colorFgBg.split(';').at(-1) || 0)
  return background === 7 || background > 8 ? 'light' : 'dark'
}

export function renderDrops(pieces: readonly ShadedPiece[], shading: Shading): string {
  if (shading !== 'plain') return pieces.map((piece) => paint(piece, shading)).join('')
  let text = ''
  let isOpen = false
  for (const piece of pieces) {
    const dropped = piece.share >= HALF
    if (dropped !== isOpen) text += dropped ? OPEN : CLOSE
    isOpen = dropped
    text += piece.text
  }
  return isOpen ? text + CLOSE : text
}

function paint({ text, share }: ShadedPiece, shading: keyof typeof GREYS): string {
  if (share === 0) return text
  const [least, most] = GREYS[shading]
  return `\x1b[38;5;${Math.round(least + share * (most - least))}m${text}\x1b[39m`
}

export interface Screen {
  columns: number
  rows: number
}

/**
 * The end of the text as lines that fit on the screen, so that as many can be drawn over again. A character of an
 * unknown width is taken for two columns: a line that is too short does no harm.
 */
export function screenLines(pieces: readonly ShadedPiece[], { columns, rows }: Screen): ShadedPiece[][] {
  const width = Math.max(1, columns - 1)
  const lines: ShadedPiece[][] = [[]]
  let used = 0
  for (const { text, share } of pieces) {
    let part = ''
    const flush = (): void => {
      if (part !== '') lines[lines.length - 1].push({ text: part, share })
      part = ''
    }
    for (const character of text) {
      const shown = isControl(character) ? ' ' : character
      const cells = shown < '\u0300' ? 1 : 2
      if (character === '\n' || used + cells > width) {
        flush()
        lines.push([])
        used = 0
      }
      if (character === '\n') continue
      part += shown
      used += cells
    }
    flush()
  }
  return lines.slice(-Math.max(1, rows - 1))
}

const isControl = (character: string): boolean =>
  (character < ' ' && character !== '\n') || character === '\x7f'

/** Takes back `lines` lines drawn last, the cursor standing at the end of them. */
export const eraseLines = (lines: number): string =>
  lines === 0 ? '' : `${lines > 1 ? `\x1b[${lines - 1}A` : ''}\r\x1b[J`
