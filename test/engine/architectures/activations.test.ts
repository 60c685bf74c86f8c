/** Every activation function, scored, decoded and fine-tuned as transformers computes it. */
import { GROUPS } from './groups.js'
import { holdOptions } from './hold.js'

await holdOptions('activations', GROUPS.activations)
