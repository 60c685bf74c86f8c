/** A context of 8,192 positions, scored and decoded to its end, and its beginning fine-tuned, as transformers computes it. */
import { GROUPS } from './groups.js'
import { holdOptions } from './hold.js'

await holdOptions('long contexts', GROUPS.long)
