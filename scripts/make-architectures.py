"""
Small GPT-2 models with one option of config.json changed at a time, and several together, computed by transformers in float64
(where it can): test/fixtures/architectures, which test/engine/architectures holds asp to. Weights are not stored: both sides make them from the names
of the tensors (`weights`, and `madeValues` in test/made-weights.ts). A model without biases is one whose biases are 0
here and whose files lack them there, as transformers' GPT-2 always has them.

    pip install torch==2.15.0 transformers==5.24.0 safetensors
    python scripts/make-architectures.py
"""

import json
import os
import pathlib

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import GPT2Config, GPT2LMHeadModel

OUT = pathlib.Path(__file__).parent.parent / "test/fixtures/architectures"
BASE = dict(vocab_size=97, n_positions=48, n_embd=64, n_layer=2, n_head=1)
QUIET = dict(embd_pdrop=0, attn_pdrop=0, resid_pdrop=0)
ATTENTION = ["attn.c_attn.bias", "attn.c_proj.bias"]
MLP = ["mlp.c_fc.bias", "mlp.c_proj.bias"]
NORMS = ["ln_1.bias", "ln_2.bias", "ln_f.bias"]
ACTIVATIONS = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python", "quick_gelu", "relu", "silu", "swish"]
# Entries of a gradient that are kept: the largest, and as many evenly spaced.
KEPT = 24


def case(option, *, absent=(), untied=False, tokens=16, sequences=2, rows=None, **config):
    return dict(option=option, absent=list(absent), untied=untied, tokens=tokens, sequences=sequences, rows=rows, config=config)


CASES = {
    **{name: case("activation_function", activation_function=name) for name in ACTIVATIONS},
    "no-biases": case("no biases", absent=ATTENTION + MLP + NORMS),
    "no-attention-biases": case("no biases", absent=ATTENTION),
    "no-mlp-biases": case("no biases", absent=MLP),
    "no-norm-biases": case("no biases", absent=NORMS),
    "unscaled": case("scale_attn_weights", scale_attn_weights=False),
    "inverse-layer": case("scale_attn_by_inverse_layer_idx", scale_attn_by_inverse_layer_idx=True, n_layer=3),
    "upcast": case("reorder_and_upcast_attn", reorder_and_upcast_attn=True, scale_attn_by_inverse_layer_idx=True),
    "n-inner-36": case("n_inner", n_inner=36),
    "n-inner-500": case("n_inner", n_inner=500),
    "n-positions-8192": case("n_positions", n_positions=8192, tokens=8192, sequences=1, rows=[0, 4095, 8184, 8190, 8191]),
    "n-layer-1": case("n_layer", n_layer=1),
    "n-layer-96": case("n_layer", n_layer=96, n_inner=64),
    "vocab-50304": case("vocab_size", vocab_size=50304, tokens=8),
    "vocab-50688": case("vocab_size", vocab_size=50688, tokens=8),
    "untied": case("tie_word_embeddings", untied=True),
    "combined": case(
        "all together",
        absent=ATTENTION + MLP + NORMS,
        untied=True,
        activation_function="relu",
        scale_attn_weights=False,
        scale_attn_by_inverse_layer_idx=True,
        reorder_and_upcast_attn=True,
        n_inner=100,
        n_layer=3,
        vocab_size=101,
        n_positions=52,
    ),
}


def seed_of(name):
    """FNV-1a."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h


def weights(name, shape):
    """MurmurHash3's finaliser of each entry's number from the seed of the name on: 24 bits of it, in [-1, 1), times a power of two."""
    count = int(np.prod(shape))
    h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed_of(name))
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    values = (h >> np.uint32(8)).astype(np.float64) / 2**23 - 1
    if ".ln_" in name or name.startswith("ln_"):
        values = values / 4 + (1 if name.endswith("weight") else 0)
    elif name == "wte.weight" or name == "lm_head.weight":
        values /= 2
    elif name == "wpe.weight" or name.endswith("bias"):
        values /= 4
    else:
        values /= 8
    return values.astype(np.float32).astype(np.float64).reshape(shape)


def model_of(config, absent):
    model = GPT2LMHeadModel(config).eval()
    # transformers refuses anything but f32 where attention is to be upcast.
    if not config.reorder_and_upcast_attn:
        model = model.double()
    named = {name.removeprefix("transformer."): p for name, p in model.named_parameters()}
    for name, parameter in named.items():
        gone = any(name == kind or name.endswith("." + kind) for kind in absent)
        values = np.zeros(parameter.shape) if gone else weights(name, parameter.shape)
        parameter.data.copy_(torch.from_numpy(values))
    return model, named


def columns_of(vocab_size):
    return list(range(vocab_size)) if vocab_size < 200 else [*range(0, vocab_size, 997), vocab_size - 1]


def gradients_of(named, absent, layers):
    """The largest entries of each gradient and some others: (tensors, 2 KEPT) places and values, with the whole's norm."""
    kept_layers = sorted({0, layers // 2, layers - 1})
    names, places, values, norms = [], [], [], []
    for name, parameter in named.items():
        if any(name == kind or name.endswith("." + kind) for kind in absent):
            continue
        if name.startswith("h.") and int(name.split(".")[1]) not in kept_layers:
            continue
        flat = parameter.grad.numpy().reshape(-1)
        largest = np.argsort(-np.abs(flat), kind="stable")[:KEPT]
        at = np.concatenate([largest, np.arange(KEPT) * flat.size // KEPT])
        names.append(name)
        places.append(at)
        values.append(flat[at])
        norms.append(np.linalg.norm(flat))
    return names, np.stack(places).astype(np.int32), np.stack(values).astype(np.float32), np.array(norms, dtype=np.float32)


def ids_of(sequences, tokens, vocab_size):
    i = np.arange(sequences * tokens)
    return ((i * 7919 + i // tokens * 31 + 5) % vocab_size).reshape(sequences, tokens)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, made in CASES.items():
        config = GPT2Config(**{**BASE, **QUIET, **made["config"]}, tie_word_embeddings=not made["untied"], attn_implementation="eager")
        model, named = model_of(config, made["absent"])
        ids = torch.from_numpy(ids_of(made["sequences"], made["tokens"], config.vocab_size))
        with torch.no_grad():
            logits = model(ids).logits.reshape(-1, config.vocab_size)
        rows = list(range(len(logits))) if made["rows"] is None else made["rows"]
        columns = columns_of(config.vocab_size)
        # The square of scores of a long sequence is more than training needs to be shown: its beginning.
        trained = ids[:, : min(64, made["tokens"])]
        loss = model(trained, labels=trained).loss
        loss.backward()
        tensors, places, values, norms = gradients_of(named, made["absent"], config.n_layer)
        arrays = dict(
            logits=logits[rows][:, columns].numpy().astype(np.float32),
            best=logits[rows].argmax(1).numpy().astype(np.int32),
            places=places,
            gradients=values,
            norms=norms,
        )
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, OUT / f"{name}.safetensors")
        written = json.loads(config.to_json_string(use_diff=True))
        for key in ["transformers_version", "attn_implementation", *QUIET]:
            written.pop(key, None)
        listed.append(
            dict(
                name=name,
                option=made["option"],
                config={**written, **BASE, **{k: v for k, v in made["config"].items()}},
                absent=made["absent"],
                sequences=made["sequences"],
                tokens=made["tokens"],
                trained=trained.shape[1],
                rows=rows,
                columns=columns,
                loss=loss.item(),
                tensors=tensors,
            )
        )
        print(name, loss.item(), float(logits.abs().max()))
    (OUT / "cases.json").write_text("[\n" + ",\n".join(json.dumps(one) for one in listed) + "\n]\n")


main()
