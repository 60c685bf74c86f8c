/** A grid as LaTeX, in the style of booktabs: what a paper takes. Pure. */
const MARKS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '&': '\\&',
  '%': '\\%',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '{': '\\{',
  '}': '\\}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '×': '$\\times$',
  '↑': '$\\uparrow$',
  '↓': '$\\downarrow$',
  α: '$\\alpha$',
  '<': '$<$',
  '>': '$>$',
}

/** Text that LaTeX prints as it is; line ends and tabs are spaces. */
export const latex = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\\&%$#_{}~^±×↑↓α<>]/g, (mark) => MARKS[mark])

/** Needs \usepackage{booktabs}. */
export function latexTable(
  head: readonly string[],
  aligns: readonly ('left' | 'right')[],
  cells: readonly (readonly string[])[],
): string {
  const line = (row: readonly string[]): string => `${row.map(latex).join(' & ')} \\\\`
  return [
    `\\begin{tabular}{${aligns.map((align) => align[0]).join('')}}`,
    '\\toprule',
    line(head),
    '\\midrule',
    ...cells.map(line),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n')
}
