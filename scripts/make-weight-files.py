"""Writes test/fixtures/weights: one tiny GPT-2 in every kind of weight file, by the libraries that define the kinds.

python scripts/make-weight-files.py   (needs torch, transformers, safetensors, gguf, numpy)
"""
import collections
import gzip
import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

OUT = pathlib.Path(__file__).parent.parent / 'test' / 'fixtures' / 'weights'
LINEAR = ('attn.c_attn.weight', 'attn.c_proj.weight', 'mlp.c_fc.weight', 'mlp.c_proj.weight')
SIZES = dict(vocab_size=24, n_positions=16, n_embd=64, n_layer=1, n_head=1, n_inner=16)


def model():
    """Weights of few significant bits, mostly zero, so that every dtype holds them exactly and the files are small when packed."""
    torch.manual_seed(1)
    made = GPT2LMHeadModel(GPT2Config(**SIZES, activation_function='gelu_new')).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            kept = torch.rand(parameter.shape) < (0.1 if parameter.dim() > 1 else 1)
            parameter.copy_(torch.randint(-6, 7, parameter.shape) / 16 * kept)
        for name, parameter in made.named_parameters():
            if 'ln_' in name and name.endswith('weight'):
                parameter.add_(1)
    return made


def folder(name):
    path = OUT / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def nanogpt_state(made):
    """As nanoGPT names and lays them out: Linear weights are [out, in], the head shares memory with the table."""
    state = collections.OrderedDict()
    for name, tensor in made.state_dict().items():
        state[name] = tensor.t().contiguous() if name.endswith(LINEAR) else tensor
    state['lm_head.weight'] = state['transformer.wte.weight']
    return state


def pack():
    """Weight files are kept packed; the tests unpack them."""
    for path in sorted(OUT.rglob('*')):
        if path.is_file() and path.suffix != '.json':
            path.with_name(path.name + '.gz').write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
            path.unlink()


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    made = model()
    state = made.state_dict()
    reference = folder('safetensors')
    made.config.save_pretrained(reference)
    save_file({k: v for k, v in state.items() if k != 'lm_head.weight'}, reference / 'model.safetensors')
    with torch.no_grad():
        ids = torch.arange(16)[None] * 5 % SIZES['vocab_size']
        logprobs = torch.log_softmax(made(ids).logits.double(), -1)[0, :-1].gather(1, ids[0, 1:, None])[:, 0]
    (reference / 'logprobs.json').write_text(json.dumps({'ids': ids[0].tolist(), 'logprobs': logprobs.tolist()}) + '\n')

    config = (reference / 'config.json').read_text()
    for name, legacy in (('pytorch', False), ('pytorch-legacy', True)):
        path = folder(name)
        (path / 'config.json').write_text(config)
        torch.save(state, path / 'pytorch_model.bin', _use_new_zipfile_serialization=not legacy)

    path = folder('pytorch-views')
    (path / 'config.json').write_text(config)
    views = {'module.' + k: (v.t().contiguous().t() if v.dim() == 2 else v) for k, v in state.items()}
    torch.save(views, path / 'pytorch_model.bin')

    path = folder('pytorch-shards')
    (path / 'config.json').write_text(config)
    halves = list(state.items())
    shards = {'pytorch_model-00001-of-00002.bin': halves[:6], 'pytorch_model-00002-of-00002.bin': halves[6:]}
    for name, part in shards.items():
        torch.save({k: v.to(torch.bfloat16) for k, v in part}, path / name)
    index = {'metadata': {}, 'weight_map': {k: name for name, part in shards.items() for k, _ in part}}
    (path / 'pytorch_model.bin.index.json').write_text(json.dumps(index) + '\n')

    path = folder('nanogpt')
    # nanoGPT's MLP is 4 C wide and its activation nn.GELU: config.json has the last word on both.
    (path / 'config.json').write_text('{"activation_function": "gelu_new", "n_inner": 16}\n')
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(3))])
    args = dict(n_layer=1, n_head=1, n_embd=64, block_size=16, bias=True, vocab_size=24, dropout=0.0)
    compiled = {'_orig_mod.' + k: v for k, v in nanogpt_state(made).items()}
    torch.save({'model': compiled, 'optimizer': optimizer.state_dict(), 'model_args': args, 'iter_num': 5,
                'best_val_loss': torch.tensor(3.25), 'config': {'dataset': 'openwebtext', 'wandb_log': False}},
               path / 'ckpt.pt')
    pack()


if __name__ == '__main__':
    main()
