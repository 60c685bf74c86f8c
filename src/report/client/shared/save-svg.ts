/** Saves a drawing as an SVG file that looks the same anywhere: colours and fonts of the page are written into it. */

export interface Drawing {
  title: string
  /** One under the other: a legend, the plot. */
  parts: readonly SVGSVGElement[]
}

const SVG = 'http://www.w3.org/2000/svg'
const MARGIN = 12
const TITLE_HEIGHT = 24

/** Properties that the page's style may have set on elements of a drawing. */
const PROPERTIES = [
  'color',
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
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
  const outer = document.createElementNS(SVG, 'svg')
  const width = Math.max(...parts.map((part) => part.width.baseVal.value)) + 2 * MARGIN
  let y = MARGIN + TITLE_HEIGHT
  const copies = parts.map((part) => {
    const copy = withStyle(part)
    copy.setAttribute('x', String(MARGIN))
    copy.setAttribute('y', String(y))
    copy.setAttribute('width', part.getAttribute('width') ?? '')
    copy.setAttribute('height', part.getAttribute('height') ?? '')
    y += part.height.baseVal.value
    return copy
  })
  const height = y + MARGIN
  for (const [key, value] of Object.entries({
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    xmlns: SVG,
  })) {
    outer.setAttribute(key, String(value))
  }
  outer.append(background(), heading(title), ...copies)
  return new XMLSerializer().serializeToString(outer)
}

function withStyle(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const originals = [svg, ...svg.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  for (const [i, original] of originals.entries()) {
    const target = copies[i]
    const seen = getComputedStyle(original)
    if (!(target instanceof SVGElement)) continue
    for (const property of PROPERTIES) {
      target.style.setProperty(property, seen.getPropertyValue(property))
      target.removeAttribute(property)
    }
  }
  // What these said is on each element now.
  for (const style of copy.querySelectorAll('style')) style.remove()
  return copy
}

function background(): SVGElement {
  const made = document.createElementNS(SVG, 'rect')
  made.setAttribute('width', '100%')
  made.setAttribute('height', '100%')
  made.setAttribute('fill', getComputedStyle(document.body).backgroundColor)
  return made
}

function heading(title: string): SVGElement {
  const { color, fontFamily } = getComputedStyle(document.body)
  const made = document.createElementNS(SVG, 'text')
  made.setAttribute('x', String(MARGIN + 2))
  made.setAttribute('y', String(MARGIN + 12))
  made.setAttribute('fill', color)
  made.style.font = `600 13px ${fontFamily}`
  made.textContent = title
  return made
}
