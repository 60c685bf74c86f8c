/** What `npm run torture` is made of. Each part hurts the commands in one way and counts what broke. */

export interface TortureOptions {
  /** Every random choice follows from it. */
  seed: number
  /** Tries of the whole part, shared out over its targets; a part may make fewer where each takes seconds. */
  count: number
  /** The number of one try to make again, alone. */
  only?: number
  /** An empty folder of this part's own. */
  folder: string
  /** A line of progress. */
  say(line: string): void
}

/** One target of a part, a line of docs/reliability.md. */
export interface TortureRow {
  /** What was hurt: `records`, `eval, killed`. */
  target: string
  /** How: `mutated bytes`, `SIGKILL at 30 moments`. */
  how: string
  tries: number
  /** Tries that broke a promise. */
  broken: readonly Broken[]
}

export interface Broken {
  /** Makes exactly this try again: `--only readers --seed 7 --try 1234`. */
  again: string
  /** In one line: what was promised, what happened. */
  what: string
}

export interface TorturePart {
  name: string
  run(options: TortureOptions): Promise<TortureRow[]>
}
