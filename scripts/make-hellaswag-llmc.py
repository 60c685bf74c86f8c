"""HellaSwag as llm.c scores it, on the bundled sample, for test/commands/hellaswag-llmc.test.ts: written anew from its definition.

    python scripts/make-hellaswag-llmc.py --work /tmp/hellaswag > test/fixtures/hellaswag-llmc.json

Needs torch and transformers; no network. The tokens of `ctx` and of " " + an ending, encoded apart, are fed one after the other; the
loss is over the ending's tokens, and the answer is the ending of the least sum (acc) or of the least mean (acc_norm).
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = 60


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True, help="folder for the exported model; may be deleted")
    work = parser.parse_args().work
    sys.path.insert(0, str(ROOT / "scripts"))
    import torch
    from transformers import AutoTokenizer, GPT2LMHeadModel

    exported = importlib.import_module("compare-lm-eval").export_model(ROOT / "models" / "asp-tiny-dense", work / "model")
    tokenizer = AutoTokenizer.from_pretrained(exported)
    model = GPT2LMHeadModel.from_pretrained(exported).float().eval()
    encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    right = right_norm = 0
    documents = []
    for line in open(ROOT / "suites" / "samples" / "hellaswag.jsonl", encoding="utf-8").readlines()[:DOCUMENTS]:
        row = json.loads(line)
        context = encode(f"{row['ctx_a']} {row['ctx_b']}" if row["ctx_b"] else row["ctx_a"])
        endings = []
        for ending in row["endings"]:
            tokens = encode(" " + ending)
            with torch.no_grad():
                logits = model(torch.tensor([context + tokens])).logits[0]
            told = torch.log_softmax(logits[len(context) - 1 : -1], -1)
            endings.append([sum(told[i, t].item() for i, t in enumerate(tokens)), len(tokens)])
        label = int(row["label"])
        right += min(range(4), key=lambda k: -endings[k][0]) == label
        right_norm += min(range(4), key=lambda k: -endings[k][0] / endings[k][1]) == label
        documents.append(endings)
    print(json.dumps({"acc": right / DOCUMENTS, "acc_norm": right_norm / DOCUMENTS, "documents": documents}, separators=(",", ":")))


main()
