// needs: {body}, attention-cache-tiles
// Attention of a chunk's queries to the key-value cache. body: as in attend-batch.wgsl. rows: every one of a slot, or
// those that live-list-cache.wgsl has found alive. mask: deaths of a hard rule, or masks of selective attention.
