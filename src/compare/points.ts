/** Which points (policy at a sparsity) of two grids belong together. Pure. */

export interface Point<T> {
  policy: string
  sparsity: string
  value: T
}

export interface Matched<T> {
  name: string
  base: T
  other: T
}

/**
 * Equal policy and sparsity go together; of those left over, equal sparsity where each side has one such point alone: then
 * two policies are compared.
 */
export function matchPoints<T>(
  base: readonly Point<T>[],
  other: readonly Point<T>[],
): { matched: Matched<T>[]; notes: string[] } {
  const nameOf = ({ policy, sparsity }: Point<T>): string => `${policy} ${sparsity}`.trim()
  const has = (points: readonly Point<T>[], point: Point<T>): boolean =>
    points.some((one) => nameOf(one) === nameOf(point))
  const [loneBase, loneOther] = [
    base.filter((point) => !has(other, point)),
    other.filter((point) => !has(base, point)),
  ]
  const only = (points: readonly Point<T>[], sparsity: string): Point<T> | undefined => {
    const found = points.filter((one) => one.sparsity === sparsity)
    return found.length === 1 ? found[0] : undefined
  }
  const matched = base.flatMap((point): Matched<T>[] => {
    const same = other.find((one) => nameOf(one) === nameOf(point))
    if (same !== undefined) return [{ name: nameOf(point), base: point.value, other: same.value }]
    const partner = only(loneBase, point.sparsity) && only(loneOther, point.sparsity)
    if (partner === undefined) return []
    return [{ name: `${nameOf(point)} to ${nameOf(partner)}`, base: point.value, other: partner.value }]
  })
  const taken = new Set(matched.flatMap(({ base, other }) => [base, other]))
  const left = (points: readonly Point<T>[], where: string): string[] =>
    points
      .filter(({ value }) => !taken.has(value))
      .map((point) => `${nameOf(point)} is only in the ${where} record`)
  return { matched, notes: [...left(loneBase, 'base'), ...left(loneOther, 'new')] }
}
