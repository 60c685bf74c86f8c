"""Losses, gradients and death times of GPT-2s with gates, in double precision, that test/engine/gates.test.ts holds the engine to.

    pip install torch transformers safetensors && python scripts/make-gate-cases.py test/fixtures/gates

The forward pass is written out here, with torch's own gradients; without a gate it gives the logits of transformers, which the script
checks. The model is the first of scripts/make-head-cases.py, whose weights are hashes of their places. kvzap.safetensors and
trimkv.safetensors have the gates, tokens (B, T), the loss, and of the gradient of every tensor that learns its norm and up to 64 of its
entries; then death times (L, B, T; -1: never), where the gates decide, and the logits (B, T, V) that are left. docs/method.md, Gates.
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import GPT2Config, GPT2LMHeadModel

WIDTH, HEADS, B, T, V, POSITIONS, L, ENTRIES = 8, 3, 2, 24, 97, 48, 2, 64
C, EPSILON = WIDTH * HEADS, 1e-5
WINDOW, THRESHOLD, GAMMA, SHIFTS = 5, -1.1, 0.7, (0.25, -0.5)
LEAST, FADED = 1e-6, math.log(0.01)
# No score may lie nearer to a decision: f32 would take it otherwise.
MARGIN = 1e-4

torch.set_num_threads(1)


def drawn(count: int, seed: int) -> np.ndarray:
    """Uniform in [-0.5, 0.5), each a hash of its index and the seed."""
    h = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32((seed + 1) * 0x85EBCA6B & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    h = h ^ (h >> np.uint32(16))
    return (h >> np.uint32(8)).astype(np.float64) / 2**24 - 0.5


def weight(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    values = drawn(int(np.prod(shape)), seed)
    if name.endswith("bias"):
        values = 0.4 * values
    elif "ln_" in name:
        values = 1 + values
    elif name.startswith("h."):
        values = 4 * values / np.sqrt(shape[0])
    return values.reshape(shape).astype(np.float32)


def norm(w, name, x):
    return torch.nn.functional.layer_norm(x, (C,), w[f"{name}.weight"], w[f"{name}.bias"], EPSILON)


def linear(w, name, x):
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def forward(w, tokens, mask_of=None, see=None):
    """Logits. mask_of(layer, h): (B, T, T) added to scores of attention; see(layer, h, P): told of a layer's attention (B, H, T, T)."""
    count = tokens.shape[1]
    causal = torch.full((count, count), -math.inf, dtype=torch.float64).triu(1)
    x = w["wte.weight"][tokens] + w["wpe.weight"][:count]
    for layer in range(L):
        at = f"h.{layer}"
        h = norm(w, f"{at}.ln_1", x)
        q, k, v = linear(w, f"{at}.attn.c_attn", h).split(C, dim=-1)
        q, k, v = (m.view(B, count, HEADS, WIDTH).transpose(1, 2) for m in (q, k, v))
        scores = q @ k.transpose(-1, -2) / math.sqrt(WIDTH) + causal
        if mask_of is not None:
            scores = scores + mask_of(layer, h)[:, None]
        P = scores.softmax(-1)
        if see is not None:
            see(layer, h, P)
        x = x + linear(w, f"{at}.attn.c_proj", (P @ v).transpose(1, 2).reshape(B, count, C))
        hidden = linear(w, f"{at}.mlp.c_fc", norm(w, f"{at}.ln_2", x))
        x = x + linear(w, f"{at}.mlp.c_proj", torch.nn.functional.gelu(hidden, approximate="tanh"))
    return norm(w, "ln_f", x) @ w["wte.weight"].T


def cross_entropy(logits, tokens):
    return torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, V), tokens[:, 1:].reshape(-1))


def score(w, layer, h):
    """(B, T)"""
    return (h @ w[f"h.{layer}.attn.gate.weight"].T).squeeze(-1) + w[f"h.{layer}.attn.gate.bias"]


def ages():
    """(T, T): k - j, 0 where j >= k."""
    at = torch.arange(T, dtype=torch.float64)
    return (at[:, None] - at[None, :]).clamp(min=0)


def trimkv_loss(w, tokens):
    shifts = torch.tensor(SHIFTS, dtype=torch.float64)[:, None]
    means = []
    learnable = (ages() > 0) & (torch.arange(T)[:, None] <= T - 2)

    def mask_of(layer, h):
        decay = torch.nn.functional.logsigmoid(score(w, layer, h) + shifts)
        mask = ages() * decay[:, None, :]
        means.append(mask.exp()[:, learnable].mean())
        return mask

    logits = forward(w, tokens, mask_of)
    return cross_entropy(logits, tokens) + GAMMA * torch.stack(means).mean()


def kvzap_loss(w, tokens):
    errors = []

    def see(layer, h, P):
        late = ages() >= WINDOW
        peaks = P.amax(1).masked_fill(~late, 0).amax(1).detach()[:, : T - WINDOW]
        wanted = peaks.clamp(min=LEAST).log()
        errors.append((score(w, layer, h.detach())[:, : T - WINDOW] - wanted).square().mean())

    forward(w, tokens, see=see)
    return torch.stack(errors).mean()


def decided(method, w, tokens):
    """Death times (L, B, T), -1 where never, and logits."""
    deaths = []

    def mask_of(layer, h):
        x = score(w, layer, h)
        at = torch.arange(T)
        if method == "kvzap":
            x = x - THRESHOLD
            assert x.abs().min() > MARGIN
            times = torch.where(x > 0, T, at + WINDOW)
        else:
            lived = FADED / torch.nn.functional.logsigmoid(x)
            assert ((lived - lived.round()).abs() > MARGIN * lived.clamp(max=2 * T))[lived < 2 * T].all()
            times = at + 1 + lived.clamp(max=2 * T).floor().long()
        deaths.append(torch.where(times < T, times, -1))
        return torch.where(at[:, None] < times[:, None, :], 0.0, -math.inf).to(torch.float64)

    logits = forward(w, tokens, mask_of)
    return torch.stack(deaths), logits


def gate(method, layer, seed):
    """Weights and a bias with which some keys die early, some late, some never."""
    row = drawn(C, seed + layer) * (1.2 if method == "kvzap" else 1.6)
    bias = (-1.0, 1.5)[method == "trimkv"] + 0.2 * layer
    return row[None].astype(np.float32), np.array([bias], dtype=np.float32)


out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
sizes = dict(vocab_size=V, n_positions=POSITIONS, n_embd=C, n_layer=L, n_head=HEADS)
model = GPT2LMHeadModel(GPT2Config(**sizes, attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0))
parameters = {name.removeprefix("transformer."): p for name, p in sorted(model.named_parameters(), key=lambda item: item[0])}
with torch.no_grad():
    for seed, (name, parameter) in enumerate(parameters.items()):
        parameter.copy_(torch.from_numpy(weight(name, tuple(parameter.shape), seed)))
tokens = torch.tensor([[(i * i * 7 + i * 13 * b + 5 * b + WIDTH) % V for i in range(T)] for b in range(B)])
dense = {name: parameter.detach().double() for name, parameter in parameters.items()}
known = model.double().eval()(input_ids=tokens).logits
assert (forward(dense, tokens) - known).abs().max() < 1e-9

for method, loss_of in (("kvzap", kvzap_loss), ("trimkv", trimkv_loss)):
    gates = {}
    for layer in range(L):
        row, bias = gate(method, layer, 50)
        gates |= {f"h.{layer}.attn.gate.weight": row, f"h.{layer}.attn.gate.bias": bias}
    learned = {name: torch.from_numpy(values).double().requires_grad_() for name, values in gates.items()}
    w = {name: values.clone().requires_grad_(method == "trimkv") for name, values in dense.items()} | learned
    loss = loss_of(w, tokens)
    loss.backward()
    with torch.no_grad():
        deaths, logits = decided(method, w, tokens)
    share = (deaths >= 0).double().mean().item()
    assert 0.2 < share < 0.9, share
    tensors = {
        "tokens": tokens.numpy().astype(np.int32),
        "loss": np.array([loss.item()], dtype=np.float32),
        "deaths": deaths.numpy().astype(np.int32),
        "logits": logits.numpy().astype(np.float32),
        **gates,
    }
    for name, values in w.items():
        if values.grad is None:
            continue
        gradient = values.grad.numpy().ravel()
        tensors[f"gradient.{name}"] = gradient[:: max(1, len(gradient) // ENTRIES)][:ENTRIES].astype(np.float32)
        tensors[f"norm.{name}"] = np.array([np.linalg.norm(gradient)], dtype=np.float32)
    save_file(tensors, out / f"{method}.safetensors")
    print(method, loss.item(), "dead:", share)
