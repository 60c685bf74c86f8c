/** Absent biases and the scales of attention, scored, decoded and fine-tuned as transformers computes them. */
import { GROUPS } from './groups.js'
import { holdOptions } from './hold.js'

await holdOptions('attention', GROUPS.attention)
