/** The options of test/fixtures/architectures by the file that tests them: one would take too long where shaders are compiled. */
export const GROUPS = {
  activations: ['activation_function'],
  attention: [
    'no biases',
    'scale_attn_weights',
    'scale_attn_by_inverse_layer_idx',
    'reorder_and_upcast_attn',
  ],
  long: ['n_positions'],
  sizes: ['n_inner', 'n_layer', 'vocab_size', 'tie_word_embeddings', 'all together'],
} as const
