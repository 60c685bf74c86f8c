/** Saves a drawing as an SVG file that looks the same anywhere: colours and fonts of the page are written into it. */

/** Properties that the page's style may have set on elements of a drawing. */
const PROPERTIES = ['color', 'fill', 'stroke', 'font-family', 'font-size', 'font-weight', 'opacity'] as const

export function saveSvg(svg: SVGSVGElement, name: string): void {
  const url = URL.createObjectURL(new Blob([svgFile(svg)], { type: 'image/svg+xml' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${name}.svg`
  link.click()
  // The browser takes the file after the click is over.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The text of the file. */
export function svgFile(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const originals = [svg, ...svg.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  for (const [i, original] of originals.entries()) {
    const seen = getComputedStyle(original)
    const target = copies[i]
    if (!(target instanceof SVGElement)) continue
    for (const property of PROPERTIES) target.style.setProperty(property, seen.getPropertyValue(property))
  }
  copy.style.setProperty('background', getComputedStyle(document.body).backgroundColor)
  return new XMLSerializer().serializeToString(copy)
}
