"""
Published configurations (test/fixtures/published/configs.json), computed by transformers in float64 where it can, with made weights:
test/fixtures/published/expected.json, which test/data/published.test.ts holds asp to. Weights are not stored: both sides make them
from the names of the tensors (`weights`, and `madeValues` in test/made-weights.ts).

The full model is only counted. What is computed is cut in size, never in kind: two layers; of the vocabulary at most 256 rows and its
remainder by 256; of models wider than 768 the heads that fit in 512 columns, and as much of the MLP; all positions, heads as wide as
published.

    pip install torch==2.15.0 transformers==5.24.0
    python scripts/make-published.py
"""

import json
import os
import pathlib
import re

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel, OPTConfig, OPTForCausalLM

FOLDER = pathlib.Path(__file__).parent.parent / "test/fixtures/published"
TOKENS, COLUMNS, LAYERS, WIDEST, CUT, ROWS = 24, 16, 2, 768, 512, 256
MODELS = {"gpt2": (GPT2Config, GPT2LMHeadModel), "opt": (OPTConfig, OPTForCausalLM)}
OPT_NAMES = dict(n_layer="num_hidden_layers", vocab_size="vocab_size", n_embd="hidden_size", n_head="num_attention_heads", n_inner="ffn_dim")
LLMC_NAMES = dict(n_layer="num_layers", vocab_size="vocab_size", n_embd="channels", n_head="num_heads", n_positions="max_seq_len")
NANOGPT_NAMES = dict(n_layer="n_layer", vocab_size="vocab_size", n_embd="n_embd", n_head="n_head", n_positions="block_size")


def seed_of(name):
    """FNV-1a."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h


def weights(name, shape):
    """As in make-architectures.py, with OPT's names, and half as large in matrices and tables, which are wider here."""
    h = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed_of(name))
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    values = (h >> np.uint32(8)).astype(np.float64) / 2**23 - 1
    if re.search(r"(^|\.)ln_|layer_norm\.", name):
        values = values / 4 + (1 if name.endswith("weight") else 0)
    elif re.search(r"(wte|lm_head|embed_tokens)\.weight$", name):
        values /= 4
    elif re.search(r"(wpe|embed_positions)\.weight$|bias$", name):
        values /= 4
    else:
        values /= 16
    return values.astype(np.float32).astype(np.float64).reshape(shape)


def in_terms_of_transformers(family, config):
    """nanoGPT's model_args and llm.c's header say the same in other words."""
    if family == "nanogpt":
        return dict(activation_function="gelu", **{key: config[own] for key, own in NANOGPT_NAMES.items()})
    if family == "llm.c":
        return {key: config[own] for key, own in LLMC_NAMES.items()}
    return {key: value for key, value in config.items() if key not in ("torch_dtype", "transformers_version")}


def cut(family, config):
    """The sizes that change, by the names that the file has for them."""
    names = {"opt": OPT_NAMES, "llm.c": LLMC_NAMES, "nanogpt": NANOGPT_NAMES}.get(family, {})
    own = lambda key: names.get(key, key)
    vocabulary, width, heads = (config[own(key)] for key in ("vocab_size", "n_embd", "n_head"))
    head = width // heads
    fewer = heads if width <= WIDEST else CUT // head
    changed = {own("n_layer"): LAYERS, own("n_head"): fewer, own("n_embd"): fewer * head}
    if vocabulary > ROWS:
        changed[own("vocab_size")] = ROWS + vocabulary % ROWS
    inner = config.get(own("n_inner"))
    if inner:
        changed[own("n_inner")] = inner * fewer // heads
    if family == "opt":
        changed["word_embed_proj_dim"] = fewer * head
    if family == "llm.c":
        changed["padded_vocab_size"] = -(-changed["vocab_size"] // 128) * 128
    return {key: value for key, value in changed.items() if config.get(key) != value}


def made(family, config):
    Config, Model = MODELS.get(family, MODELS["gpt2"])
    return Model(Config(**in_terms_of_transformers(family, config), attn_implementation="eager")).eval()


def main():
    torch.set_num_threads(1)
    listed = []
    for case in json.loads((FOLDER / "configs.json").read_text()):
        family, config = case["family"], case["config"]
        # nanoGPT without biases has none; transformers has them as zeros.
        has_no_biases = family == "nanogpt" and not config["bias"]
        with torch.device("meta"):
            parameters = sum(
                p.numel() for name, p in made(family, config).named_parameters() if not (has_no_biases and name.endswith("bias"))
            )
        changed = cut(family, config)
        model = made(family, {**config, **changed})
        # transformers refuses anything but f32 where attention is to be upcast.
        if not getattr(model.config, "reorder_and_upcast_attn", False):
            model = model.double()
        for name, parameter in model.named_parameters():
            name = name.removeprefix("transformer.").removeprefix("model.decoder.")
            gone = has_no_biases and name.endswith("bias")
            parameter.data.copy_(torch.from_numpy(np.zeros(parameter.shape) if gone else weights(name, parameter.shape)))
        vocabulary = model.config.vocab_size
        ids = torch.arange(TOKENS) * 7919 % vocabulary
        with torch.no_grad():
            logits = model(ids[None]).logits[0].double()
        logprobs = torch.log_softmax(logits, -1)
        listed.append(
            dict(
                name=case["name"],
                parameters=parameters,
                cut=changed,
                ids=ids.tolist(),
                logprobs=[round(logprobs[t, ids[t + 1]].item(), 7) for t in range(TOKENS - 1)],
                # Of the last token, evenly spaced.
                columns=(columns := [i * vocabulary // COLUMNS for i in range(COLUMNS)]),
                logits=[round(logits[-1, column].item(), 7) for column in columns],
            )
        )
        print(case["name"], parameters, changed, float(logits.abs().max()), flush=True)
    (FOLDER / "expected.json").write_text("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in listed) + "\n]\n")


main()
