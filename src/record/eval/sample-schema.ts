/**
 * A line of a sample log (`--log-samples`): one scored request. Lines come in the order of scoring, which is not the order of
 * documents; each stands alone, and a log holds all that metrics are computed from.
 */
import * as t from '../define.js'

export const SampleLine = t.object(
  'One scored request, as a line of a sample log (`--log-samples`) has it.',
  {
    task: t.text('The suite.'),
    row: t.count("The document's place among those of the run, from 0: the order figures are summed in."),
    doc_id: t.count('Position of the document in the full split, as in lm-eval.'),
    doc_hash: t.sha256('Of the document.'),
    cluster: t.optional(t.hash(16, 'Of what the document has in common with others, such as their passage.')),
    index: t.count(
      'This request among the `of` requests of its document, from 0: the choice, or the rolling window.',
    ),
    of: t.count(
      'Requests of the document; 0 on the one line of a document without any: an empty text, whose log-probability is 0.',
    ),
    input_tokens: t.count('Tokens fed.'),
    target_tokens: t.count('Tokens scored.'),
    logprob: t.number('Sum of natural-log probabilities of the targets.'),
    greedy: t.boolean('Whether every target is the most likely token.'),
    pairs: t.count('Causal pairs with key < query.'),
    removed: t.list('Those removed, by layer.', t.count()),
    kept: t.list('Keys alive after the last row, by layer.', t.count()),
    peak: t.optional(
      t.count(
        'Most keys that one query sees, its own among them, all layers together; older logs have none.',
      ),
    ),
    gold: t.nullable(t.count('Index of the right choice; null where there are no choices.')),
    units: t.object(
      'What metrics divide by (docs/lm-eval.md, Metrics), where they divide: of the choice in `chars`, of the whole document in `words` and `bytes`.',
      {
        chars: t.optional(t.count('Characters.')),
        words: t.optional(t.count('Words.')),
        bytes: t.optional(t.count('UTF-8 bytes.')),
      },
    ),
    cell: t.optional(
      t.dictionary(
        'Where a generated document stands in its grid (docs/recall.md), by coordinate.',
        t.number(),
      ),
    ),
    metrics: t.optional(
      t.dictionary(
        'Metric values of the document, on the line that completes it.',
        t.anyOf(
          'A value, or what a mean over documents is made of.',
          t.number(),
          t.list('Its parts.', t.number()),
        ),
      ),
    ),
    line_hash: t.optional(
      t.hash(
        16,
        'Of the line without this: the first digits of the SHA-256 of its JSON. Older logs have none.',
      ),
    ),
  },
)
/** As it is worked with; files add the hash. */
export type SampleLine = Omit<t.Static<typeof SampleLine>, 'line_hash'>
