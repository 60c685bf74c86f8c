"""Writes test/fixtures/weights: one tiny GPT-2 in every kind of weight file, by the libraries that define the kinds.

python scripts/make-weight-files.py   (needs torch, transformers, safetensors, gguf, numpy)
"""
import collections
import gzip
import hashlib
import json
import pathlib
import pickle
import shutil

import gguf
import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

OUT = pathlib.Path(__file__).parent.parent / 'test' / 'fixtures' / 'weights'
LINEAR = ('attn.c_attn.weight', 'attn.c_proj.weight', 'mlp.c_fc.weight', 'mlp.c_proj.weight')
SIZES = dict(vocab_size=24, n_positions=16, n_embd=64, n_layer=1, n_head=1, n_inner=16)


def model(**other):
    """Weights of few significant bits, mostly zero, so that every dtype holds them exactly and the files are small when packed."""
    torch.manual_seed(1)
    made = GPT2LMHeadModel(GPT2Config(**(SIZES | other), activation_function='gelu_new')).eval()
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


def four_wide():
    """llm.c's MLP is 4 C wide: a model of its own, saved as safetensors as well."""
    made = model(n_inner=256)
    path = OUT / 'safetensors-4c'
    path.mkdir(exist_ok=True)
    made.config.save_pretrained(path)
    save_file({k: v for k, v in made.state_dict().items() if k != 'lm_head.weight'}, path / 'model.safetensors')
    return made


def write_llmc(path, made, version, dtype):
    """write_model of train_gpt2.py in karpathy/llm.c, for one layer; the table is padded with zeros to 128 rows."""
    state = nanogpt_state(made)
    header = torch.zeros(256, dtype=torch.int32)
    header[:8] = torch.tensor([20240326, version, 16, 24, 1, 1, 64, 128])
    order = ['ln_1', 'attn.c_attn', 'attn.c_proj', 'ln_2', 'mlp.c_fc', 'mlp.c_proj']
    names = ['wpe.weight', *(f'h.0.{n}.{k}' for n in order for k in ('weight', 'bias')), 'ln_f.weight', 'ln_f.bias']
    table = torch.nn.functional.pad(state['transformer.wte.weight'], (0, 0, 0, 128 - 24), value=0.5)
    with open(path, 'wb') as file:
        file.write(header.numpy().tobytes())
        for tensor in (table, *(state['transformer.' + n] for n in names)):
            values = tensor.to(dtype).contiguous()
            file.write((values.view(torch.int16) if dtype == torch.bfloat16 else values).numpy().tobytes())


def write_gguf(path, made, kind):
    """As convert_hf_to_gguf.py of llama.cpp writes a GPT-2: matrices in the given type, everything else in F32."""
    writer = gguf.GGUFWriter(path, 'gpt2')
    writer.add_block_count(1)
    writer.add_context_length(16)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(16)
    writer.add_head_count(1)
    writer.add_layer_norm_eps(1e-5)
    # 24 tokens, as many as the model's table has rows.
    tokens = list('0123456789abcdefghi') + ['ab', 'abc', 'cd', '10', '<|endoftext|>']
    writer.add_tokenizer_model('gpt2')
    writer.add_tokenizer_pre('gpt-2')
    writer.add_token_list(tokens)
    writer.add_token_types([1] * 23 + [3])
    writer.add_token_merges(['a b', 'ab c', 'c d', '1 0'])
    writer.add_bos_token_id(23)
    writer.add_eos_token_id(23)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GPT2, 1)
    read = {}
    for name, tensor in nanogpt_state(made).items():
        stem, _, suffix = name.rpartition('.')
        values = tensor.numpy()
        # A row of Q8_0 is a multiple of 32 long; llama.cpp keeps the positions of GPT-2 in F32 as well.
        is_plain = values.ndim == 1 or 'wpe' in name or (kind == gguf.GGMLQuantizationType.Q8_0 and values.shape[1] % 32)
        own = gguf.GGMLQuantizationType.F32 if is_plain else kind
        stored = gguf.quantize(values, own)
        writer.add_tensor(f'{names.get_name(stem)}.{suffix}', stored, raw_dtype=own)
        back = gguf.dequantize(stored, own)
        read[name] = hashlib.sha256((back.T if name.endswith(LINEAR) else back).astype('<f4').tobytes()).hexdigest()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if kind == gguf.GGMLQuantizationType.Q8_0:
        path.with_suffix('.json').write_text(json.dumps(read, indent=1) + '\n')


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

    path = folder('pytorch-4')
    (path / 'config.json').write_text(config)
    wrapped = {'state_dict': dict(made.named_parameters()), 'epoch': 3, 'lr': 1e-4, 'betas': (0.9, 0.95), 'done': True}
    torch.save(wrapped, path / 'pytorch_model.bin', pickle_protocol=4)

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
                'best_val_loss': torch.tensor(3.25), 'config': {'dataset': 'openwebtext', 'wandb_log': False, 'tags': {'a'}, 'key': b'\xff', 'lr': 6e-4, 'none': None}},
               path / 'ckpt.pt')
    # prepare.py of nanoGPT's shakespeare_char, for 24 characters.
    chars = sorted('\n abcdefghijklmnopqrst,é'[:24])
    meta = {'vocab_size': len(chars), 'itos': dict(enumerate(chars)), 'stoi': {c: i for i, c in enumerate(chars)}}
    (path / 'meta.pkl').write_bytes(pickle.dumps(meta))

    path = folder('llmc')
    for name, version, dtype in (('model_00000003.bin', 3, torch.float32), ('gpt2_bf16.bin', 5, torch.bfloat16)):
        write_llmc(path / name, four_wide(), version, dtype)

    path = folder('gguf')
    for name, kind in (('f32', 'F32'), ('f16', 'F16'), ('bf16', 'BF16'), ('q8_0', 'Q8_0')):
        write_gguf(path / f'{name}.gguf', made, gguf.GGMLQuantizationType[kind])

    pack()


if __name__ == '__main__':
    main()
