/** Saves a drawing as an SVG file that looks the same anywhere: what the page's style says is written into its elements. */
import { xmlCharacters } from '../../escape.js'
import { svgElement } from './dom.js'

export interface Drawing {
  title: string
  /** One under the other: a legend, the plot. */
  parts: readonly SVGSVGElement[]
}

const MARGIN = 12
const TITLE_SIZE = 13
const TITLE_LINE = 18

/** Properties that a style sheet may have set; all are inherited, so only what differs from the parent is written. */
const PROPERTIES = [
  ...['color', 'fill', 'fill-opacity', 'stroke', 'stroke-opacity'],
  ...['font-family', 'font-size', 'font-weight', 'text-anchor'],
]

export function saveSvg(drawing: Drawing, name: string): void {
  const url = URL.createObjectURL(new Blob([svgFile(drawing)], { type: 'image/svg+xml' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${name}.svg`
  link.click()
  // The browser takes the file after the click is over.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The text of the file. */
export function svgFile({ title, parts }: Drawing): string {
  const width = Math.max(...parts.map((part) => part.width.baseVal.value)) + 2 * MARGIN
  const heading = titleLines(title, width - 2 * MARGIN)
  let y = MARGIN + TITLE_LINE * heading.length + MARGIN / 2
  const groups = parts.map((part) => {
    const group = svgElement(
      'g',
      { transform: `translate(${MARGIN},${y})`, ...styleOf(part) },
      ...copies(part),
    )
    y += part.height.baseVal.value
    return group
  })
  const height = y + MARGIN
  const { backgroundColor, color, fontFamily } = getComputedStyle(document.body)
  const text = { fill: color, 'font-family': fontFamily, 'font-size': TITLE_SIZE, 'font-weight': 600 }
  const lines = heading.map((line, i) => {
    return svgElement('text', { x: MARGIN, y: MARGIN + TITLE_SIZE + TITLE_LINE * i, ...text }, line)
  })
  const file = svgElement(
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': 'title' },
    svgElement('title', { id: 'title' }, title),
    svgElement('rect', { width, height, fill: backgroundColor }),
    ...lines,
    ...groups,
  )
  return xmlCharacters(new XMLSerializer().serializeToString(file))
}

/** Copies of what is in an element, each with its style as attributes. */
function copies(parent: Element): Node[] {
  const around = getComputedStyle(parent)
  return [...parent.childNodes].flatMap((node) => {
    if (!(node instanceof Element)) return [node.cloneNode()]
    // What a style sheet says is on the elements.
    if (node instanceof SVGStyleElement) return []
    const copy = node.cloneNode() as Element
    for (const name of ['class', 'style', ...PROPERTIES]) copy.removeAttribute(name)
    for (const [name, value] of Object.entries(styleOf(node))) {
      if (value !== around.getPropertyValue(name)) copy.setAttribute(name, value)
    }
    copy.append(...copies(node))
    return [copy]
  })
}

function styleOf(element: Element): Record<string, string> {
  const seen = getComputedStyle(element)
  return Object.fromEntries(PROPERTIES.map((name) => [name, seen.getPropertyValue(name)]))
}

/** Lines no wider than the drawing. */
function titleLines(title: string, width: number): string[] {
  const context = document.createElement('canvas').getContext('2d')
  if (context !== null) context.font = `600 ${TITLE_SIZE}px ${getComputedStyle(document.body).fontFamily}`
  const lines: string[] = []
  for (const word of title.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    const fits = (context?.measureText(longer).width ?? 0) <= width
    if (lines.length > 0 && fits) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
