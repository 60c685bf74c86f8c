"""A start for training a small model that can look back: two heads of a checkpoint are set by hand, everything is trained afterwards.

    pip install torch transformers numpy && python scripts/make-recalling-start.py <checkpoint> <train.bin> <out>

asp-tiny-dense has position embeddings that hardly left where they began beyond some 100 tokens, and no head that looks one token back;
from there induction is not found in any number of tokens that two cores can train. So one head of the first layer is made to look one
token back and to write down what it saw, and one of the second to look for where the present token was written down so, and to say what
stood there (a previous-token head and an induction head; Olsson et al. 2209.11895). Every other weight stays, but for what would overwrite
the three parts of the residual stream that they speak through.

train.bin: tokens as scripts/recall-windows.ts makes them, from which common tokens and some text are taken.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel

source, data, out = (Path(argument) for argument in sys.argv[1:4])
LOOKS_BACK, INDUCES = (0, 2), (1, 0)  # layer, head
POSITION_NORM = 0.4  # of a token's position code
BACK_SCALE = 5.0  # of the first head's scores
WRITES = 0.15  # how loud it writes
INDUCE_LOGIT = 24.0  # how clear a match is to the second head
SAYS = 3.0  # how loud it says what it found
T, WINDOWS, COMMON = 512, 8, 2000

torch.manual_seed(0)
torch.set_num_threads(1)
model = GPT2LMHeadModel.from_pretrained(source, attn_implementation="eager").float().eval()
transformer = model.transformer
C, H = model.config.n_embd, model.config.n_head
D = C // H
tokens = torch.from_numpy(np.fromfile(data, dtype=np.uint16).astype(np.int64)).view(-1, 1024)
common = torch.from_numpy(np.argsort(-np.bincount(tokens.flatten().numpy(), minlength=model.config.vocab_size))[:COMMON].copy())


def columns(head: int, part: int) -> slice:
    """Of c_attn, a head's queries (0), keys (1) or values (2)."""
    return slice(part * C + head * D, part * C + (head + 1) * D)


def without_bias(layer: int, head: int) -> None:
    """Takes the layer norm's bias out of what a head reads."""
    block = transformer.h[layer]
    for part in range(3):
        weight = block.attn.c_attn.weight.data[:, columns(head, part)]
        block.attn.c_attn.bias.data[columns(head, part)] = -(block.ln_1.bias.data @ weight)


with torch.no_grad():
    # Directions of the token table, from those that tell tokens apart most to those that hardly do; the mean of all tokens and the
    # mean over dimensions, which layer norms take away, come last and are in none of the three parts.
    table = transformer.wte.weight.data
    centred = table[common] - table[common].mean(0)
    centred = centred - centred.mean(1, keepdim=True)
    mean = table[common].mean(0)
    mean = (mean - mean.mean()) / (mean - mean.mean()).norm()
    centred = centred - (centred @ mean)[:, None] * mean
    _, spread, directions = torch.linalg.svd(centred, full_matrices=False)
    spread = spread / len(common) ** 0.5
    present, before, position = directions[:D], directions[D : 2 * D], directions[2 * D : 3 * D].clone()
    waves = D // 2 - 1
    position[2 * waves :] = 0
    even = spread[:D].mean() / spread[:D]

    # Positions: a wave turned by its frequency is the wave one place on, so that a linear map finds the token before.
    frequencies = 3.0 * 1000.0 ** (-torch.arange(waves) / waves)
    angles = torch.arange(model.config.n_positions)[:, None] * frequencies
    code = torch.cat([angles.sin(), angles.cos()], 1) / waves**0.5
    code = torch.cat([code, torch.zeros(len(code), D - 2 * waves)], 1)
    places = transformer.wpe.weight.data
    places -= (places @ position.T) @ position
    places += POSITION_NORM * (code @ position)
    table -= (table @ position.T) @ position

    layer, head = LOOKS_BACK
    attention, gain = transformer.h[layer].attn, transformer.h[layer].ln_1.weight.data[:, None]
    turn, i = torch.zeros(D, D), torch.arange(waves)
    turn[i, i], turn[i, waves + i] = frequencies.cos(), -frequencies.sin()
    turn[waves + i, waves + i], turn[waves + i, i] = frequencies.cos(), frequencies.sin()
    attention.c_attn.weight.data[:, columns(head, 0)] = BACK_SCALE * (position.T @ turn.T) / gain
    attention.c_attn.weight.data[:, columns(head, 1)] = BACK_SCALE * position.T / gain
    attention.c_attn.weight.data[:, columns(head, 2)] = (present.T * even) / gain
    attention.c_proj.weight.data[columns(head, 0)] = WRITES * before
    without_bias(layer, head)

    # Nothing else writes there before it is read.
    beside = torch.eye(C) - before.T @ before
    for number in range(INDUCES[0]):
        block = transformer.h[number]
        written = block.attn.c_proj.weight.data
        own = written[columns(head, 0)].clone()
        written.copy_(written @ beside)
        if number == layer:
            written[columns(head, 0)] = own
        for projection in (block.attn.c_proj, block.mlp.c_proj):
            projection.bias.data.copy_(projection.bias.data @ beside)
        block.mlp.c_proj.weight.data.copy_(block.mlp.c_proj.weight.data @ beside)
    places -= (places @ before.T) @ before
    table -= (table @ before.T) @ before

    # The MLP between has made another thing of the token: a linear map finds it again.
    layer, head = INDUCES
    block = transformer.h[layer]
    attention, gain = block.attn, block.ln_1.weight.data[:, None]
    sample = torch.cat([tokens[4 : 4 + WINDOWS, :T], common[torch.randint(0, COMMON, (WINDOWS, T))]])
    stream = model(sample, output_hidden_states=True).hidden_states[layer]
    normed = (stream - stream.mean(-1, keepdim=True)) / stream.std(-1, unbiased=False, keepdim=True)
    normed = normed.reshape(-1, C)
    wanted = ((table[sample] @ present.T) * even).reshape(-1, D)
    wanted = wanted - wanted.mean(0)
    middle = normed.mean(0)
    apart = normed - middle
    finds = torch.linalg.solve(apart.T @ apart + len(normed) * 1e-3 * torch.eye(C), apart.T @ wanted)
    key, query = (normed @ before.T).norm(dim=-1).mean(), (apart @ finds).norm(dim=-1).mean()
    scale = (8 * INDUCE_LOGIT / (key * query)) ** 0.5
    attention.c_attn.weight.data[:, columns(head, 0)] = scale * finds / gain
    attention.c_attn.weight.data[:, columns(head, 1)] = scale * before.T / gain
    attention.c_attn.weight.data[:, columns(head, 2)] = finds / gain / query
    attention.c_proj.weight.data[columns(head, 0)] = SAYS * 8 * present
    without_bias(layer, head)
    attention.c_attn.bias.data[columns(head, 0)] -= scale * (middle @ finds)
    attention.c_attn.bias.data[columns(head, 1)] -= scale * (middle @ before.T)
    attention.c_attn.bias.data[columns(head, 2)] -= (middle @ finds) / query

    half = 32
    drawn = common[torch.randint(0, COMMON, (8, half))]
    twice = torch.cat([drawn, drawn], 1)
    nats = -model(twice).logits.log_softmax(-1)[:, :-1].gather(-1, twice[:, 1:, None])[..., 0]
    print(f"{half} tokens in no order: {nats[:, : half - 1].mean():.2f} nats a token, again {nats[:, half:].mean():.2f}")

out.mkdir(parents=True, exist_ok=True)
for file in source.glob("*.json"):
    shutil.copy(file, out)
state = model.state_dict()
named = {name: state[name if name in state else f"transformer.{name}"] for name in load_file(source / "model.safetensors")}
save_file({name: value.float().contiguous().clone() for name, value in named.items()}, out / "model.safetensors", metadata={"format": "pt"})
