"""lm-evaluation-harness on PyTorch: scores requests as its HFLM does, from token ids.

score.py <folder of a checkpoint> <file of requests> <threads>. The file holds [[context ids, continuation ids], ...]. Reads
lines {"batch", "first"}, answers each with {"seconds", "logprobs"} of so many requests from the first, batched as lm-eval
batches them; its first line says what computes.
"""

import json
import sys
import time

import lm_eval
import torch
from lm_eval.models.huggingface import HFLM
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
from tokenizers import Tokenizer, models

folder, file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
# Requests come as token ids, so that no tokenizer is asked for more than its end of text.
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"end": 0}, unk_token="end")), eos_token="end")
requests = [(("", ""), context, continuation) for context, continuation in json.load(open(file))]
versions = f"lm-eval {lm_eval.__version__}, PyTorch {torch.__version__}"
print(json.dumps({"library": versions, "threads": threads}), flush=True)
harness = {}
for line in sys.stdin:
    asked = json.loads(line)
    batch = asked["batch"]
    if batch not in harness:
        harness[batch] = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch, max_length=model.config.n_positions, device="cpu")
    began = time.perf_counter()
    scores = harness[batch]._loglikelihood_tokens(requests[: asked["first"]], disable_tqdm=True)
    print(json.dumps({"seconds": time.perf_counter() - began, "logprobs": [score for score, _ in scores]}), flush=True)
