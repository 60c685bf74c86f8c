"""PyTorch's training of the same checkpoint: reads lines {}, answers each with {"seconds"} of one step.

train.py <folder of a checkpoint> <sequences> <ctx> <threads>; its first line says what computes. A step is forward,
backward, clipping and AdamW over all parameters, dense, in float32; attention is PyTorch's own fused one.
"""

import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

folder, sequences, ctx, threads = Path(sys.argv[1]), *map(int, sys.argv[2:5])
torch.set_num_threads(threads)
torch.manual_seed(1)
known = json.loads((folder / "config.json").read_text())
config = GPT2Config(
    **{name: known[name] for name in ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head") if name in known},
    n_inner=known.get("n_inner"),
    resid_pdrop=0.0,
    embd_pdrop=0.0,
    attn_pdrop=0.0,
)
model = GPT2LMHeadModel(config).float().train()
weights = {f"transformer.{name.removeprefix('transformer.')}": value.float() for name, value in load_file(folder / "model.safetensors").items()}
model.load_state_dict(weights, strict=False)
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.0)
tokens = torch.tensor([[(i * 7919) % (config.vocab_size - 1) for i in range(s * ctx, (s + 1) * ctx)] for s in range(sequences)])

print(json.dumps({"library": f"PyTorch {torch.__version__}", "threads": threads}), flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    optimiser.zero_grad()
    logits = model(tokens).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    print(json.dumps({"seconds": time.perf_counter() - began, "loss": loss.item()}), flush=True)
