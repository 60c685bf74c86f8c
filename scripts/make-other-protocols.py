"""Protocols that are not lm-eval's, for test/commands/other-protocols.test.ts: each written anew from its definition.

    python scripts/make-other-protocols.py --work /tmp/protocols > test/fixtures/other-protocols.json

Needs torch and transformers; no network. HellaSwag as llm.c scores it, on the bundled sample: the tokens of `ctx` and of " " + an
ending, encoded apart, are fed one after the other; the loss is over the ending's tokens, and the answer is the ending of the least sum
(acc) or of the least mean (acc_norm). COMPS as BabyLM scores it, on rows written by hand: the sentence is encoded whole, the
log-probabilities of the tokens that reach into the property are summed, and the acceptable sentence must have the greater sum.
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

    def logprobs(tokens):
        """Of every token but the first, after those before it."""
        with torch.no_grad():
            told = torch.log_softmax(model(torch.tensor([tokens])).logits[0], -1)
        return [told[i, token].item() for i, token in enumerate(tokens[1:])]

    print(json.dumps({"hellaswag_llmc": hellaswag(tokenizer, logprobs), **comps(tokenizer, logprobs)}, separators=(",", ":")))


def hellaswag(tokenizer, logprobs):
    encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    right = right_norm = 0
    documents = []
    for line in open(ROOT / "suites" / "samples" / "hellaswag.jsonl", encoding="utf-8").readlines()[:DOCUMENTS]:
        row = json.loads(line)
        context = encode(f"{row['ctx_a']} {row['ctx_b']}" if row["ctx_b"] else row["ctx_a"])
        endings = []
        for ending in row["endings"]:
            tokens = encode(" " + ending)
            endings.append([sum(logprobs(context + tokens)[-len(tokens) :]), len(tokens)])
        label = int(row["label"])
        right += min(range(4), key=lambda k: -endings[k][0]) == label
        right_norm += min(range(4), key=lambda k: -endings[k][0] / endings[k][1]) == label
        documents.append(endings)
    return {"figures": {"acc": right / DOCUMENTS, "acc_norm_tokens": right_norm / DOCUMENTS}, "documents": documents}


def comps(tokenizer, logprobs):
    given = json.loads((ROOT / "test" / "fixtures" / "families" / "rows.json").read_text(encoding="utf-8"))
    suites = {}
    for name in [name for name in given if name.startswith("comps_")]:
        documents = []
        for row in given[name]:
            scores = []
            for prefix in (row["prefix_acceptable"], row["prefix_unacceptable"]):
                sentence = f"{prefix} {row['property_phrase']}"
                encoded = tokenizer(sentence, return_offsets_mapping=True)
                start = len(sentence) - len(row["property_phrase"])
                reach = [i for i, (_, end) in enumerate(encoded["offset_mapping"]) if end > start]
                told = logprobs(encoded["input_ids"])
                scores.append([sum(told[i - 1] for i in reach), len(reach)])
            documents.append(scores)
        acc = sum(good[0] >= bad[0] for good, bad in documents) / len(documents)
        suites[name] = {"figures": {"acc": acc}, "documents": documents}
    return suites


main()
