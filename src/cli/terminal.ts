/** What standard output can show: a terminal has a width, and may have colours. */
export function terminal(): { width: number | undefined; colour: boolean } {
  const { isTTY, columns } = process.stdout
  const { NO_COLOR, TERM } = process.env
  return { width: isTTY ? columns || 80 : undefined, colour: isTTY && !NO_COLOR && TERM !== 'dumb' }
}
