/** Sizes of models, heads of their own, and all options together, scored, decoded and fine-tuned as transformers computes them. */
import { GROUPS } from './groups.js'
import { holdOptions } from './hold.js'

await holdOptions('sizes', GROUPS.sizes)
