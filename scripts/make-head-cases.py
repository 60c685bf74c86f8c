"""Logits and gradients of GPT-2s with heads of several widths, by transformers, that test/engine/heads.test.ts holds the engine to.

    pip install torch transformers safetensors && python scripts/make-head-cases.py test/fixtures/heads

Weights are no part of the files: every value is a hash of its place, which test/engine/head-models.ts computes as well. models.json
has a config.json a width and the shapes of its tensors, <width>.safetensors has tokens (B, T), logits (B, T, V), the loss, and of the gradient of every
tensor its norm and up to 64 of its entries, evenly spaced from the first.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import GPT2Config, GPT2LMHeadModel

# Head width, heads.
MODELS = [(8, 3), (32, 3), (48, 3), (64, 2), (80, 3), (96, 2), (128, 2)]
B, T, V, POSITIONS, LAYERS, ENTRIES = 2, 24, 97, 48, 2, 64


def drawn(count: int, seed: int) -> np.ndarray:
    """Uniform in [-0.5, 0.5), each a hash of its index and the seed."""
    h = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32((seed + 1) * 0x85EBCA6B & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    h = h ^ (h >> np.uint32(16))
    return (h >> np.uint32(8)).astype(np.float64) / 2**24 - 0.5


def weight(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Scales that make attention uneven and logits a few units."""
    values = drawn(int(np.prod(shape)), seed)
    if name.endswith("bias"):
        values = 0.4 * values
    elif "ln_" in name:
        values = 1 + values
    elif name.startswith("h."):
        values = 4 * values / np.sqrt(shape[0])
    return values.reshape(shape).astype(np.float32)


out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
models = []
for width, heads in MODELS:
    sizes = dict(vocab_size=V, n_positions=POSITIONS, n_embd=width * heads, n_layer=LAYERS, n_head=heads)
    undropped = dict(attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=V - 1, eos_token_id=V - 1)
    model = GPT2LMHeadModel(GPT2Config(**sizes, **undropped))
    parameters = {
        name.removeprefix("transformer."): parameter
        for name, parameter in sorted(model.named_parameters(), key=lambda item: item[0])
    }
    with torch.no_grad():
        for seed, (name, parameter) in enumerate(parameters.items()):
            parameter.copy_(torch.from_numpy(weight(name, tuple(parameter.shape), seed)))
    tokens = np.array([[(i * i * 7 + i * 13 * b + 5 * b + width) % V for i in range(T)] for b in range(B)])
    # In double precision: the engine's rounding is what is measured.
    model = model.double().train()
    result = model(input_ids=torch.from_numpy(tokens), labels=torch.from_numpy(tokens))
    result.loss.backward()
    tensors = {
        "tokens": tokens.astype(np.int32),
        "logits": result.logits.detach().numpy().astype(np.float32),
        "loss": np.array([result.loss.item()], dtype=np.float32),
    }
    for name, parameter in model.named_parameters():
        gradient = parameter.grad.numpy().ravel()
        some = gradient[:: max(1, len(gradient) // ENTRIES)][:ENTRIES]
        tensors[f"gradient.{name.removeprefix('transformer.')}"] = some.astype(np.float32)
        tensors[f"norm.{name.removeprefix('transformer.')}"] = np.array([np.linalg.norm(gradient)], dtype=np.float32)
    save_file(tensors, out / f"{width}.safetensors")
    shapes = {name: list(parameter.shape) for name, parameter in parameters.items()}
    models.append({"config": {"model_type": "gpt2", **sizes}, "shapes": shapes})
(out / "models.json").write_text("[\n" + ",\n".join(map(json.dumps, models)) + "\n]\n")
