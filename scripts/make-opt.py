"""Writes test/fixtures/opt: a tiny OPT with random weights, and the log-probabilities that transformers gives.

python scripts/make-opt.py   (needs torch, transformers, safetensors)
"""
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import OPTConfig, OPTForCausalLM

OUT = pathlib.Path(__file__).parent.parent / 'test' / 'fixtures' / 'opt'
POSITIONS = 16


def main():
    torch.manual_seed(3)
    config = OPTConfig(
        vocab_size=40, hidden_size=32, word_embed_proj_dim=32, num_hidden_layers=2, ffn_dim=48, num_attention_heads=2,
        max_position_embeddings=POSITIONS, bos_token_id=2, eos_token_id=2, pad_token_id=1)
    made = OPTForCausalLM(config).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            parameter.copy_((torch.randn(parameter.shape) * 0.2 + ('norm.weight' in name)).half().float())
        ids = torch.arange(POSITIONS)[None] * 7 % 40
        ids[0, 0] = 2
        logprobs = torch.log_softmax(made(ids).logits.double(), -1)[0, :-1].gather(1, ids[0, 1:, None])[:, 0]
    OUT.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(OUT)
    state = {name: tensor.half().contiguous() for name, tensor in made.state_dict().items() if name != 'lm_head.weight'}
    save_file(state, OUT / 'model.safetensors', metadata={'format': 'pt'})
    (OUT / 'logprobs.json').write_text(json.dumps({'ids': ids[0].tolist(), 'logprobs': logprobs.tolist()}) + '\n')


main()
