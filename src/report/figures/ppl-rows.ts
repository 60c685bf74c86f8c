/** A record of `asp ppl` -> rows: losses, their change by position, and what each layer dropped. Pure. */
import { textFootprint } from '../../record/footprint.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../../record/ppl/schema.js'
import { decidedBy } from './level.js'
import { DENSE } from './names.js'
import { bounds, origin, type Place, subject } from './place.js'
import type { LayerRow, LossRow, PositionRow, Subject } from './rows.js'

export function lossRows(record: PplRecord, place: Place): LossRow[] {
  return eachRule(record, place, (rule, context, at, who) => {
    const { ctx, tokens, windows } = context
    const { nll, nll_stderr, delta } = rule
    const loss = bounds(nll, nll_stderr)
    const change = bounds(delta?.nll ?? 0, delta?.stderr ?? null)
    return [
      {
        ...origin(place, at),
        ...who,
        text: textName(record),
        set: `${record.text.sha256.slice(0, 12)} ${tokens} in ${windows}`,
        protocol: record.protocol.name,
        ctx,
        rule: rule.rule,
        alpha: rule.alpha,
        sparsity: rule.sparsity?.achieved ?? 0,
        footprint: textFootprint(context, rule),
        tokens,
        nll,
        perplexity: rule.perplexity,
        low: loss.low === null ? null : Math.exp(loss.low),
        high: loss.high === null ? null : Math.exp(loss.high),
        delta: delta?.nll ?? null,
        deltaLow: change.low,
        deltaHigh: change.high,
        kl: rule.kl?.mean ?? null,
        agreement: rule.top1_agreement?.value ?? null,
      },
    ]
  })
}

export function positionRows(record: PplRecord, place: Place): PositionRow[] {
  return eachRule(record, place, (rule, { ctx }, at, who) =>
    rule.rule === 'soft'
      ? []
      : rule.positions.flatMap(({ from, to, tokens, delta, delta_stderr }, i) => {
          if (delta === null) return []
          const row = {
            ...origin(place, `${at}.positions[${i}]`),
            ...who,
            text: textName(record),
            ctx,
            from,
            to,
            tokens,
            delta,
          }
          return [{ ...row, ...bounds(delta, delta_stderr) }]
        }),
  )
}

export function pplLayerRows(record: PplRecord, place: Place): LayerRow[] {
  return eachRule(record, place, (rule, { ctx }, at, who) =>
    rule.rule === 'soft' || rule.sparsity === null
      ? []
      : [
          {
            ...origin(place, `${at}.sparsity.per_layer`),
            ...who,
            on: `${textName(record)}, ${ctx} tokens`,
            perLayer: rule.sparsity.per_layer,
          },
        ],
  )
}

function eachRule<Row>(
  record: PplRecord,
  place: Place,
  rows: (rule: RuleRecord, context: ContextRecord, path: string, who: Subject) => Row[],
): Row[] {
  return record.contexts.flatMap((context, c) =>
    context.rules.flatMap((rule, r) =>
      rows(
        rule,
        context,
        `contexts[${c}].rules[${r}]`,
        subject(place, record.model, {
          policy: rule.policy,
          requested: rule.requested,
          by: rule.policy === DENSE ? null : decidedBy(rule.shift, rule.sized),
        }),
      ),
    ),
  )
}

/** `bundled sample`, `book.txt`, `a.txt + 2 more`. */
function textName({ text: { sources } }: PplRecord): string {
  const [{ kind, source }] = sources
  const name = kind === 'sample' ? 'bundled sample' : kind === 'stdin' ? 'standard input' : source
  return sources.length === 1 ? name : `${name} + ${sources.length - 1} more`
}
