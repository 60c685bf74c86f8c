/** What the reader has chosen on the page, and who is told when it changes. */
export interface Chosen {
  /** Null: all of them. */
  layer: number | null
  /** The last token that has been read. */
  time: number
  /** The token that is looked at. */
  token: number | null
  /** Whether it stays when the pointer leaves it. */
  pinned: boolean
}

export interface State {
  chosen: Readonly<Chosen>
  choose(changes: Partial<Chosen>): void
  /** Called at once, and after every change. */
  watch(show: (chosen: Readonly<Chosen>) => void): void
}

export function createState(initial: Chosen): State {
  const watchers: ((chosen: Readonly<Chosen>) => void)[] = []
  const state: State = {
    chosen: initial,
    choose(changes) {
      state.chosen = { ...state.chosen, ...changes }
      for (const show of watchers) show(state.chosen)
    },
    watch(show) {
      watchers.push(show)
      show(state.chosen)
    },
  }
  return state
}
