"""A GPT-2 with selective attention in float64, that test/engine/selective*.test.ts and test/engine/train/selective.test.ts hold the engine to.

    pip install torch safetensors && python scripts/make-selective.py test/fixtures/selective

Weights and tokens are those of test/fixtures/golden/micro; its interaction weights are not read. The formula is that of docs/method.md,
Selective attention, written as the figure of the paper (arXiv 2410.02703) has it: a relu, two masks, a shift by one query and a cumulative sum.
undropped.logits (B, T, V): nothing dropped. <shift>.logits and <shift>.deaths (L, B, T; -1: never): keys leave for good where e^shift <= F.
loss, language, pair_mean: of a training step with weight GAMMA. Of the gradient of every tensor the norm and up to 64 entries, evenly
spaced from the first.
"""

import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as functional
from safetensors.torch import load_file, save_file

GAMMA, ENTRIES, SHIFTS = 0.3, 64, (0.0, 1.0)

torch.set_num_threads(1)
golden = Path(__file__).parent.parent / "test/fixtures/golden/micro"
config = json.loads((golden / "config.json").read_text())
C, H, L = config["n_embd"], config["n_head"], config["n_layer"]
D, EPSILON = C // H, config.get("layer_norm_epsilon", 1e-5)
weights = {
    name.removeprefix("transformer."): tensor.double().requires_grad_()
    for name, tensor in load_file(golden / "model.safetensors").items()
    if "_int" not in name and "int_" not in name
}
tokens = load_file(golden / "forward.safetensors")["input_ids"].long()
B, T = tokens.shape
causal = torch.ones(T, T, dtype=torch.bool).tril()


def norm(x, name):
    return functional.layer_norm(x, (C,), weights[f"{name}.weight"], weights[f"{name}.bias"], EPSILON)


def linear(x, name):
    return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]


def forward(shift):
    """Logits, F of each layer (B, T, T), death times (L, B, T). shift None: nothing is dropped."""
    x = weights["wte.weight"][tokens] + weights["wpe.weight"][:T]
    sums, deaths = [], []
    for layer in range(L):
        at = f"h.{layer}"
        qkv = linear(norm(x, f"{at}.ln_1"), f"{at}.attn.c_attn")
        q, k, v = (part.view(B, T, H, D).transpose(1, 2) for part in qkv.split(C, dim=-1))
        logits = (q @ k.transpose(-1, -2) / D**0.5).masked_fill(~causal, float("-inf"))
        selected = functional.relu(logits[:, 0])
        keys = torch.ones(T, T, dtype=torch.double) - torch.eye(T, dtype=torch.double)
        keys[:, 0] = 0
        selected = torch.roll(selected * keys, 1, -2)
        selected = torch.cat([torch.zeros_like(selected[:, :1]), selected[:, 1:]], dim=1)
        forgotten = selected.cumsum(-2)
        logits = logits - forgotten[:, None]
        sums.append(forgotten)
        if shift is not None:
            later = torch.ones(T, T, dtype=torch.bool).tril(-1)
            later[:, 0] = False
            gone = (forgotten >= math.exp(shift)) & later
            logits = logits.masked_fill(gone[:, None], float("-inf"))
            first = gone.int().argmax(1)
            deaths.append(torch.where(gone.any(1), first, torch.full_like(first, -1)))
        heads = (logits.softmax(-1) @ v).transpose(1, 2).reshape(B, T, C)
        x = x + linear(heads, f"{at}.attn.c_proj")
        hidden = functional.gelu(linear(norm(x, f"{at}.ln_2"), f"{at}.mlp.c_fc"), approximate="tanh")
        x = x + linear(hidden, f"{at}.mlp.c_proj")
    return norm(x, "ln_f") @ weights["wte.weight"].T, sums, torch.stack(deaths) if deaths else None


out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
tensors = {}
with torch.no_grad():
    for shift in SHIFTS:
        logits, sums, deaths = forward(shift)
        tensors[f"{shift}.logits"] = logits.float()
        tensors[f"{shift}.deaths"] = deaths.int()
        # How near a decision comes to its threshold: float32 must be able to tell.
        near = min((f - math.exp(shift)).abs()[:, later].min().item() for f in sums for later in [causal.tril(-1)])
        share = (deaths >= 0).double().mean().item()
        print(f"shift {shift}: {share:.2f} of keys die, nearest decision {near:.1e}")
logits, sums, _ = forward(None)
tensors["undropped.logits"] = logits.detach().float()
language = functional.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), tokens[:, 1:].reshape(-1))
# Pairs j < k <= T - 2: what the last query sees predicts nothing.
learnable = torch.ones(T, T, dtype=torch.bool).tril(-1)
learnable[-1] = False
pair_mean = torch.stack([(1 - f.clamp(max=1))[:, learnable].mean() for f in sums]).mean()
loss = language + GAMMA * pair_mean
loss.backward()
for name, value in (("loss", loss), ("language", language), ("pair_mean", pair_mean)):
    tensors[name] = value.detach().reshape(1).float()
    print(name, value.item())
for name, weight in sorted(weights.items()):
    gradient = weight.grad.flatten()
    tensors[f"gradient.{name}"] = gradient[:: max(1, len(gradient) // ENTRIES)][:ENTRIES].float().clone()
    tensors[f"norm.{name}"] = gradient.norm().reshape(1).float()
save_file(tensors, out / "micro.safetensors")
