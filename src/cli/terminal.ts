/** What the standard output of a process can show of a table. Pure. */

/** A terminal has a width, and may have colours; what is piped has neither. */
export function terminal({ stdout, env }: NodeJS.Process): { width: number | undefined; colour: boolean } {
  const { isTTY, columns } = stdout
  return { width: isTTY ? columns || 80 : undefined, colour: isTTY && !env.NO_COLOR && env.TERM !== 'dumb' }
}
