/** The record of a training -> README.md of its checkpoint, as model pages on the Hub show it. Pure. */
import type { EvalFigures, EvalRule, TrainRecord } from '../record/train/schema.js'

/** Figures come from the record alone. */
export function modelCard(record: TrainRecord): string {
  const { options, source, data, steps, checkpoint } = record
  const name = describeTraining(record)
  const parts = [
    frontMatter(record),
    `# ${source.id}, ${name}`,
    intro(record),
    '## Held-out text',
    heldOutText(record),
    figuresTable(record.final),
    perLayer(record.final),
    '## Training',
    bullets([
      [
        'Started from',
        `${source.id}${source.revision === null ? '' : `@${source.revision}`}${hash(source.sha256)}`,
      ],
      ['Rule', name],
      [
        'Steps',
        `${count(steps.taken)} of ${count(options.batch_tokens)} tokens, in sequences of ${options.ctx}: ${count(record.tokens)} tokens`,
      ],
      ...objective(record),
      ['Learning rate', rate(record)],
      ['Seed', String(options.seed)],
      [
        'Trained on',
        `${data.sources.map(describeSource).join(', ')}: ${count(data.documents)} documents, ${count(data.windows)} windows${hash(data.sha256)}`,
      ],
      ['Held out', `${data.held_out.sources.map(describeSource).join(', ')}${hash(data.held_out.sha256)}`],
      ['Adapter', record.environment.adapter.name],
      ['Weights', checkpoint === null ? 'not written' : `${checkpoint.dtype}${hash(checkpoint.sha256)}`],
    ]),
    'Made by:',
    `    ${record.command.map(quoted).join(' ')}`,
    'Every step is in train-log.jsonl, everything else about the run is in train.json.',
  ]
  return `${parts.join('\n\n')}\n`
}

/** What the Hub reads. */
function frontMatter({ source }: TrainRecord): string {
  const base = source.source === 'hub' ? [`base_model: ${source.id}`] : []
  return [
    '---',
    'library_name: transformers',
    'pipeline_tag: text-generation',
    ...base,
    'tags:',
    '- gpt2',
    '- asp',
    '---',
  ].join('\n')
}

/** `adaptive context pruning, gamma 0.3` or the control's own name. */
export function describeTraining({ options }: Pick<TrainRecord, 'options'>): string {
  const { rule, gamma, gamma_convention, gamma_weight } = options
  if (rule.kind === 'dense') return 'dense, a control'
  if (rule.kind === 'local') return `attention to the last ${rule.tokens} tokens, a control`
  if (rule.kind === 'strided') return `attention to blocks of ${rule.tokens} tokens, a control`
  const meaning =
    gamma_convention === 'code'
      ? ` (by the convention of the paper's code; ${gamma_weight} by the paper's)`
      : ''
  if (rule.kind === 'kvzap') return `pruning by predicted attention (kvzap), window ${options.window}`
  return `${NAMES[rule.kind]}, gamma ${gamma}${meaning}`
}

const NAMES = {
  adaptive: 'adaptive context pruning',
  trimkv: 'pruning by retention (trimkv)',
  selective: 'selective attention',
} as const

/** Where each method is from. */
const SOURCES: Partial<Record<TrainRecord['options']['rule']['kind'], string>> = {
  adaptive: '[Dynamic Context Pruning](https://arxiv.org/abs/2305.15805)',
  kvzap: 'after [KVzap](https://arxiv.org/abs/2601.07891)',
  trimkv: 'after [TRIM-KV](https://arxiv.org/abs/2512.03324)',
  selective: 'after [Selective Attention](https://arxiv.org/abs/2410.02703)',
}

function intro({ options }: TrainRecord): string {
  const source = SOURCES[options.rule.kind]
  if (source === undefined) {
    return 'A GPT-2 fine-tuned for comparison with adaptively pruned ones: same start, same text, same number of steps.'
  }
  if (options.rule.kind === 'selective') {
    return (
      `A GPT-2 that attends less and less to tokens that later ones select against, and drops those of which nothing is left (${source}). ` +
      'asp uses all of it; transformers loads it as a GPT-2 (`GPT2LMHeadModel`) and attends without selecting, which is not what it was trained for.'
    )
  }
  return (
    `A GPT-2 that drops tokens of its context that it no longer needs (${source}). asp uses all of it; transformers loads the GPT-2 part ` +
    '(`GPT2LMHeadModel`) and ignores the weights that decide what is dropped, so it then runs dense.'
  )
}

function heldOutText({ data, final }: TrainRecord): string {
  const what =
    data.held_out.kind === 'text' ? 'separate text' : 'windows of the same text that were not trained on'
  const amounts = final.map(({ ctx, tokens }) => `${count(tokens)} at ${ctx}`).join(', ')
  return (
    `Measured on ${what}; predicted tokens by context length: ${amounts || 'none'}. S_pair is the share of causal pairs of query ` +
    'and key that are gone, S@ctx the share of earlier tokens that the last query no longer sees, the KV footprint the share of a full cache that is in use over time.'
  )
}

const RULES: Readonly<Record<EvalRule['rule'], string>> = {
  dense: 'nothing dropped',
  step: 'step function, as in decoding',
  soft: 'soft, as in training',
  local: 'local attention',
  strided: 'strided attention',
}

function figuresTable(final: readonly EvalFigures[]): string {
  const rows = final.flatMap(({ ctx, rules }) =>
    rules.map(({ rule, alpha, nll, perplexity, sparsity }) => [
      String(ctx),
      alpha === null ? RULES[rule] : `${RULES[rule]} (alpha ${alpha})`,
      nll.toFixed(4),
      perplexity === null ? '' : perplexity.toFixed(2),
      sparsity === null ? '' : sparsity.achieved.toFixed(3),
      sparsity?.at_ctx == null ? '' : sparsity.at_ctx.toFixed(3),
      sparsity?.kv_footprint == null ? '' : sparsity.kv_footprint.toFixed(3),
    ]),
  )
  const head = ['ctx', 'rule', 'nats a token', 'perplexity', 'S_pair', 'S@ctx', 'KV footprint']
  return [head, head.map((_, i) => (i === 1 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

/** At the longest context, under the rule that decoding uses. */
function perLayer(final: readonly EvalFigures[]): string {
  const last = final.at(-1)
  const shares = last?.rules.find(({ rule }) => rule !== 'dense')?.sparsity?.per_layer
  if (last === undefined || shares === undefined) return 'Nothing is dropped.'
  return `S_pair by layer at ${last.ctx}: ${shares.map((share) => share.toFixed(2)).join(' ')}.`
}

function objective({ options }: TrainRecord): [string, string][] {
  const { rule, alpha, int_dim, grace, beta, shift_range, distill, trainable, propagate_in_depth } = options
  const gates =
    rule.kind === 'kvzap'
      ? [['Gates', `threshold ${options.threshold}, window ${options.window}`]]
      : rule.kind === 'trimkv'
        ? [['Gates', `bias ${beta ?? 'as it was'} at the start`]]
        : []
  const shifts =
    shift_range === null
      ? []
      : [['Threshold shift', `uniform in ${shift_range.join('..')}, 0 for a quarter of the sequences`]]
  const teacher =
    distill === 0 ? [] : [['Distilled', `${distill} of the loss is KL to the dense model it started from`]]
  const frozen =
    trainable === 'all'
      ? []
      : [['Trained', rule.kind === 'adaptive' ? 'interaction weights only' : 'gates only']]
  const drops =
    alpha === null
      ? []
      : [
          [
            'Alpha',
            alpha.kind === 'constant'
              ? String(alpha.value)
              : `${alpha.kind}, ${alpha.from} to ${alpha.to} over ${count(alpha.over)} steps`,
          ],
          [
            'Interaction',
            `${int_dim} wide, beta ${beta ?? 'as it was'} at the start, propagate_in_depth ${propagate_in_depth}, grace ${grace ?? 0}`,
          ],
        ]
  return [...drops, ...gates, ...shifts, ...teacher, ...frozen] as [string, string][]
}

function rate({ options }: TrainRecord): string {
  const { rate: schedule, rate_interaction, optimiser } = options
  const after =
    schedule.kind === 'cosine' ? `, cosine to ${schedule.final} of it at step ${count(schedule.over)}` : ''
  const clip = optimiser.clip === null ? '' : `, gradients clipped to ${optimiser.clip}`
  const other = rate_interaction === null ? '' : ` (${rate_interaction} for the interaction)`
  return `${schedule.rate}${other} after ${count(schedule.warmup)} steps of warm-up${after}; AdamW ${optimiser.beta1}, ${optimiser.beta2}, decay ${optimiser.weight_decay}${clip}`
}

function describeSource({ kind, source, revision, split }: TrainRecord['data']['sources'][number]): string {
  if (kind === 'sample') return `asp's sample (${source})`
  if (kind === 'stdin') return 'standard input'
  // A path says nothing to anybody else but for its end.
  const name = kind === 'file' ? (source.split(/[/\\]/).filter(Boolean).at(-1) ?? source) : source
  return `${name}${revision === null ? '' : `@${revision.slice(0, 8)}`}${split === null ? '' : ` (${split})`}`
}

const bullets = (lines: readonly (readonly [string, string])[]): string =>
  lines.map(([label, text]) => `- ${label}: ${text}`).join('\n')

const hash = (sha256: string | null): string => (sha256 === null ? '' : `, SHA-256 \`${sha256}\``)

const count = (value: number): string => value.toLocaleString('en-US')

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
