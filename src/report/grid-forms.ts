/** Forms that every table has, as --output-format names them. */
export const GRID_FORMS = ['table', 'md', 'csv', 'tsv', 'latex'] as const
export type GridForm = (typeof GRID_FORMS)[number]
