"""A training of asp beside the same in PyTorch: start, text, order, schedules and optimiser as its log says; losses step by step.

    node --import tsx scripts/training-order.ts run/train-log.jsonl 200 > order.json
    pip install torch safetensors && python scripts/compare-training.py <start> train.bin run/train-log.jsonl order.json

<start> is the folder that the training began from, with interaction weights if it was adaptive (a training of one step at
--rate 1e-30 writes them). train.bin holds bare uint16 tokens. A teacher is the same without them.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

start, data, log, order = (Path(one) for one in sys.argv[1:5])
lines = [json.loads(line) for line in log.read_text().splitlines()]
options, steps = lines[0]["options"], [line for line in lines if line["kind"] == "step"]
order = json.loads(order.read_text())
config = json.loads((start / "config.json").read_text())
T, H, L = options["ctx"], config["n_head"], config["n_layer"]
tokens = torch.from_numpy(np.fromfile(data, dtype=np.uint16).astype(np.int64)).view(-1)
weights = {
    name.removeprefix("transformer."): value.float().requires_grad_()
    for name, value in load_file(start / "model.safetensors").items()
    if not name.endswith(".attn.bias") and not name.endswith(".masked_bias") and name != "lm_head.weight"
}
assert options["rule"]["kind"] in ("dense", "adaptive") and options["shift_range"] is None
teacher = {name: value.detach().clone() for name, value in weights.items()}
distill = options["distill"]


# Denser towards 0 and 1, where the curve is steep.
GRID = torch.sin(torch.linspace(0, math.pi / 2, 1 << 14, dtype=torch.float64)) ** 2


def inverse(wanted, a):
    """p of p**a - (1 - p)**a = wanted: a straight line between two points of a table, then Newton."""
    table = GRID**a - (1 - GRID) ** a
    right = torch.searchsorted(table, wanted).clamp(1, len(GRID) - 1)
    low, high = table[right - 1], table[right]
    p = GRID[right - 1] + (GRID[right] - GRID[right - 1]) * (wanted - low) / (high - low)
    for _ in range(3):
        p = p.clamp(1e-15, 1 - 1e-15)
        q = 1 - p
        up, down = p ** (a - 1), q ** (a - 1)
        p = p - (p * up - q * down - wanted) / (a * (up + down))
    return p.clamp(0, 1)


class LogSigmoid(torch.autograd.Function):
    """log of the alpha-sigmoid, and its slope (docs/method.md, Alpha-sigmoid)."""

    @staticmethod
    def forward(ctx, x, alpha):
        a = alpha - 1
        if a < 1e-5:
            p = torch.sigmoid(x)
            ctx.save_for_backward(1 - p)
            return F.logsigmoid(x)
        target = (a * x.double()).clamp(-1, 1)
        p = (target >= 1).double()
        between = target.abs() < 1
        p[between] = inverse(target[between], a)
        inside = (p > 1e-6) & (p < 1)
        safe = torch.where(inside, p, 0.5)
        rho = torch.where(inside, 1 / (safe**a + safe * (1 - safe) ** (a - 1)), 0.0)
        ctx.save_for_backward(rho.float())
        return torch.where(p > 1e-6, torch.log(p.clamp_min(1e-6)), -1e30).float()

    @staticmethod
    def backward(ctx, grad):
        (rho,) = ctx.saved_tensors
        return grad * rho, None


def norm(of, x, name):
    return F.layer_norm(x, x.shape[-1:], of[f"{name}.weight"], of[f"{name}.bias"], config["layer_norm_epsilon"])


def linear(of, x, name):
    return x @ of[f"{name}.weight"] + of[f"{name}.bias"]


causal = torch.tril(torch.ones(T, T, dtype=torch.bool))
earlier = torch.tril(torch.ones(T, T, dtype=torch.bool), -1)
# Queries that decide about a key: those after its grace.
decides = torch.tril(torch.ones(T, T, dtype=torch.bool), -1 - (options.get("grace") or 0))
# The last row predicts nothing, so its pairs count for nothing.
counted = earlier.clone()
counted[-1] = False


def logits_of(of, batch, alpha):
    """Logits of all rows but the last, and the mean of what is left of the pairs; no alpha: dense."""
    B = batch.shape[0]
    x = of["wte.weight"][batch] + of["wpe.weight"][:T]
    pair_mean = 0.0
    for l in range(L):
        h = norm(of, x, f"h.{l}.ln_1")
        q, k, v = (part.view(B, T, H, -1).transpose(1, 2) for part in linear(of, h, f"h.{l}.attn.c_attn").chunk(3, -1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if alpha is not None:
            qi, ki = (h @ of[f"h.{l}.attn.{name}.weight"].T for name in ("q_int", "k_int"))
            drops = qi @ ki.transpose(-1, -2) / math.sqrt(qi.shape[-1]) + of[f"h.{l}.attn.int_bias"]
            factors = LogSigmoid.apply(torch.where(decides, drops, 1e4), alpha)
            mask = torch.cumsum(factors, 1).clamp_min(-1e30)
            pair_mean = pair_mean + (mask.exp() * counted).sum() / (B * counted.sum() * L)
            scores = scores + mask[:, None]
        weight = scores.masked_fill(~causal, -torch.inf).softmax(-1)
        x = x + linear(of, (weight @ v).transpose(1, 2).reshape(B, T, -1), f"h.{l}.attn.c_proj")
        h = norm(of, x, f"h.{l}.ln_2")
        x = x + linear(of, F.gelu(linear(of, h, f"h.{l}.mlp.c_fc"), approximate="tanh"), f"h.{l}.mlp.c_proj")
    return norm(of, x, "ln_f")[:, :-1] @ of["wte.weight"].T, pair_mean


def loss_of(batch, alpha, gamma):
    logits, pair_mean = logits_of(weights, batch, alpha)
    cross_entropy = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
    loss = (1 - distill) * cross_entropy + gamma * pair_mean
    if distill > 0:
        with torch.no_grad():
            theirs = logits_of(teacher, batch, None)[0].log_softmax(-1)
        own = logits.log_softmax(-1)
        loss = loss + distill * F.kl_div(own.flatten(0, 1), theirs.flatten(0, 1), log_target=True, reduction="batchmean")
    return cross_entropy, loss


def rate_at(rate, step):
    if step < rate["warmup"]:
        return rate["rate"] * (step + 1) / rate["warmup"]
    if rate["kind"] == "constant":
        return rate["rate"]
    part = min(1, (step - rate["warmup"]) / max(1, rate["over"] - rate["warmup"]))
    return rate["rate"] * (rate["final"] + (1 - rate["final"]) * (1 + math.cos(math.pi * part)) / 2)


def alpha_at(alpha, step):
    if alpha is None or alpha["kind"] == "constant":
        return None if alpha is None else alpha["value"]
    part = min(1, step / alpha["over"])
    left = 1 - part if alpha["kind"] == "linear" else (1 + math.cos(math.pi * part)) / 2
    return alpha["to"] + (alpha["from"] - alpha["to"]) * left


settings = options["optimiser"]
own = {"interaction": [], "matrix": [], "other": []}
for name, value in weights.items():
    kind = "interaction" if "int" in name.split(".attn.")[-1] else "matrix" if value.dim() > 1 else "other"
    own[kind].append(value)
decay = settings["weight_decay"]
groups = [
    {"params": own["matrix"], "weight_decay": decay, "part": "rate"},
    {"params": own["other"], "weight_decay": 0, "part": "rate"},
    {"params": [p for p in own["interaction"] if p.dim() > 1], "weight_decay": decay, "part": "interaction"},
    {"params": [p for p in own["interaction"] if p.dim() <= 1], "weight_decay": 0, "part": "interaction"},
]
optimiser = torch.optim.AdamW(
    [group for group in groups if group["params"]],
    betas=(settings["beta1"], settings["beta2"]),
    eps=settings["epsilon"],
)
worst, sums = 0.0, [0.0, 0.0]
for step, windows in enumerate(order[: len(steps)]):
    batch = torch.stack([tokens[i * T : (i + 1) * T] for i in windows])
    rate = options["rate"]
    interaction = {**rate, "rate": options["rate_interaction"] or rate["rate"]}
    for group in optimiser.param_groups:
        group["lr"] = rate_at(interaction if group["part"] == "interaction" else rate, step)
    optimiser.zero_grad()
    total = 0.0
    for sequence in batch.split(1):
        cross_entropy, loss = loss_of(sequence, alpha_at(options["alpha"], step), options["gamma_weight"])
        (loss / len(batch)).backward()
        total += cross_entropy.item() / len(batch)
    if settings["clip"] is not None:
        torch.nn.utils.clip_grad_norm_(list(weights.values()), settings["clip"])
    optimiser.step()
    theirs = steps[step]["cross_entropy"]
    difference = abs(theirs - total) / total
    worst = max(worst, difference)
    sums = [sums[0] + theirs, sums[1] + total]
    if (step + 1) % 10 == 0 or step == 0:
        print(f"step {step + 1}: asp {theirs:.5f}, PyTorch {total:.5f}, apart {difference:.2e}; worst {worst:.2e}", flush=True)
n = min(len(order), len(steps))
print(f"{n} steps: mean loss asp {sums[0] / n:.5f}, PyTorch {sums[1] / n:.5f}, worst step {worst:.2e} apart")
