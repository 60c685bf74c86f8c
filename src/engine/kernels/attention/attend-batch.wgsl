// needs: {body}, attention-inputs
// Attention of a packed batch. body: attention, or attention-lanes4 or -lanes8 for subgroups of software adapters.
// mask: deaths of a hard rule, or masks of a soft one. keys: every one, or those that live-list.wgsl has found alive.
