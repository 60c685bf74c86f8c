/** How texts appear while they are written; a view is told what happens and writes through what it is given. */
import type { GeneratedSequence, ShadedPiece } from '../record/generate/schema.js'
import { manyLines, terminalJson } from './escape.js'
import {
  eraseLines,
  plainLegend,
  renderDrops,
  type Screen,
  type Shading,
  screenLines,
} from './generate-drops.js'

export interface View {
  /** Text of a sequence that has become certain. */
  onText?(sequence: number, text: string): void
  /** Prompt and text so far with what is dropped of them. */
  onDrops?(sequence: number, pieces: readonly ShadedPiece[]): void
  /** A sequence is over. */
  onEnd(sequence: number, ended: GeneratedSequence, pieces: readonly ShadedPiece[] | null): void
  /** Nothing follows, whether or not every sequence is over. */
  close(): void
  /** What must be said about the marks in the text; absent where there are none. */
  legend?(layer: number | undefined): string
}

type Write = (text: string) => void

export interface Terminal {
  shading: Shading
  /** Its size now. */
  screen: () => Screen
}

export interface ViewChoice {
  format: 'text' | 'jsonl'
  /** Of each text, in order. */
  prompts: readonly string[]
  /** Texts of each prompt. */
  n: number
  /** Whether a prompt is printed before its text. */
  echo: boolean
  drops: boolean
  /** Whether texts go to a terminal. */
  tty: boolean
}

/** What suits the number of texts and where they go; `terminal` is null when no person looks on. */
export function chooseView(choice: ViewChoice, terminal: Terminal | null, write: Write): View {
  const { format, prompts, tty } = choice
  if (format === 'jsonl') return jsonLinesView(tty ? (text) => write(terminalJson(text)) : write)
  // A file or a pipe gets the text as it is.
  if (!tty) return textView(choice, terminal, write)
  return printable(textView({ ...choice, prompts: prompts.map(manyLines) }, terminal, write))
}

function textView({ prompts, n, echo, drops }: ViewChoice, terminal: Terminal | null, write: Write): View {
  if (prompts.length === 1 && drops && terminal !== null) return liveDropsView(write, terminal)
  if (prompts.length === 1 && !drops) return streamView(write, echo ? prompts[0] : '')
  return wholeView(write, { prompts, n, echo }, drops ? (terminal?.shading ?? 'plain') : null)
}

/** What a terminal would obey is replaced in prompts and texts before they are shown. */
function printable({ onText, onDrops, onEnd, ...view }: View): View {
  const shown = (pieces: readonly ShadedPiece[]): ShadedPiece[] =>
    pieces.map((piece) => ({ ...piece, text: manyLines(piece.text) }))
  return {
    ...view,
    ...(onText && { onText: (sequence, text) => onText(sequence, manyLines(text)) }),
    ...(onDrops && { onDrops: (sequence, pieces) => onDrops(sequence, shown(pieces)) }),
    onEnd(sequence, ended, pieces) {
      const [prompt_text, text] = [manyLines(ended.prompt_text), manyLines(ended.text)]
      onEnd(sequence, { ...ended, prompt_text, text }, pieces && shown(pieces))
    },
  }
}

/** One text as it comes, after its prompt, which waits for it: until then the terminal belongs to progress. */
function streamView(write: Write, prompt: string): View {
  let waiting = prompt
  let last = ''
  const show = (text: string): void => {
    last = waiting + text
    waiting = ''
    if (last !== '') write(last)
  }
  return {
    onText: (_, text) => show(text),
    onEnd: () => undefined,
    close() {
      if (waiting !== '') show('')
      if (!last.endsWith('\n')) write('\n')
    },
  }
}

/** One text drawn over again and again as its tokens fade, and whole at its end. */
function liveDropsView(write: Write, { shading, screen }: Terminal): View {
  let drawn = 0
  const erase = (): string => {
    const erased = eraseLines(drawn)
    drawn = 0
    return erased
  }
  return {
    onDrops(_, pieces) {
      const lines = screenLines(pieces, screen())
      write(erase() + lines.map((line) => renderDrops(line, shading)).join('\n'))
      drawn = lines.length
    },
    onEnd(_, __, pieces) {
      write(`${erase()}${renderDrops(pieces ?? [], shading)}\n`)
    },
    close: () => undefined,
    ...marks(shading),
  }
}

/** Texts whole, in their own order, under headings when there are several. */
function wholeView(
  write: Write,
  { prompts, n, echo }: Pick<ViewChoice, 'prompts' | 'n' | 'echo'>,
  shading: Shading | null,
): View {
  const view = inOrder((index, ended, pieces) => {
    const shown =
      shading !== null && pieces !== null
        ? renderDrops(pieces, shading)
        : `${echo ? ended.prompt_text : ''}${ended.text}`
    const between = index === 0 ? '' : '\n'
    const head = prompts.length === 1 ? '' : `${between}${heading(ended, index, prompts.length, n)}\n`
    write(`${head}${shown}${shown.endsWith('\n') ? '' : '\n'}`)
  })
  return { ...view, ...marks(shading) }
}

/** `== 2 of 6: prompt 1, sample 2 of 3 ==` */
function heading({ prompt, sample }: GeneratedSequence, index: number, texts: number, n: number): string {
  const which = n === 1 ? '' : `: prompt ${prompt + 1}, sample ${sample + 1} of ${n}`
  return `== ${index + 1} of ${texts}${which} ==`
}

const marks = (shading: Shading | null): Pick<View, 'legend'> =>
  shading === 'plain' ? { legend: plainLegend } : {}

/** A line of JSON a text, in their own order. */
const jsonLinesView = (write: Write): View =>
  inOrder((index, ended) => write(`${JSON.stringify({ sequence: index, ...ended })}\n`))

/** Holds what is over until all before it are; at the close, what was never over is passed by. */
function inOrder(show: View['onEnd']): View {
  const waiting = new Map<number, Parameters<View['onEnd']>>()
  let next = 0
  return {
    onEnd(...ended) {
      waiting.set(ended[0], ended)
      for (let found = waiting.get(next); found !== undefined; found = waiting.get(next)) {
        waiting.delete(next)
        next++
        show(...found)
      }
    },
    close() {
      const left = [...waiting.keys()].sort((a, b) => a - b)
      for (const key of left) {
        const found = waiting.get(key)
        if (found !== undefined) show(...found)
      }
      waiting.clear()
    },
  }
}
