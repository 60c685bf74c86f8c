#!/usr/bin/env python3
"""Scores the same documents with lm-evaluation-harness and with asp, and compares them request by request.

    python scripts/compare-lm-eval.py --work /tmp/compare [--fixture] [--docs]

Needs `lm-eval`, `transformers`, `torch` and `accelerate` beside it, and asp's own checkout; no network. The documents are
suites/samples/*.jsonl (or --data), the task definitions lm-eval's own with only their dataset replaced by the local file.
--fixture rewrites test/fixtures/lm-eval, --docs the table in docs/conformance.md. Exit code 0 when everything agrees.
"""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "suites" / "samples"
FIXTURES = ROOT / "test" / "fixtures" / "lm-eval"
DOCS = ROOT / "docs" / "conformance.md"
BEGIN, END = "<!-- comparison: begin -->", "<!-- comparison: end -->"

# lm-eval's definition of each suite, in its tasks folder, and the split it evaluates.
TASKS = {
    "hellaswag": ("hellaswag/hellaswag.yaml", "validation"),
    "piqa": ("piqa/piqa.yaml", "validation"),
    "winogrande": ("winogrande/default.yaml", "validation"),
    "lambada_openai": ("lambada/lambada_openai.yaml", "test"),
    "lambada_standard": ("lambada/lambada_standard.yaml", "test"),
    "arc_easy": ("arc/arc_easy.yaml", "test"),
    "arc_challenge": ("arc/arc_challenge.yaml", "test"),
    "openbookqa": ("openbookqa/openbookqa.yaml", "test"),
    "sciq": ("sciq/sciq.yaml", "test"),
    "boolq": ("super_glue/boolq/default.yaml", "validation"),
    "rte": ("glue/rte/default.yaml", "validation"),
    "commonsense_qa": ("commonsense_qa/default.yaml", "validation"),
    "social_iqa": ("siqa/siqa.yaml", "validation"),
    "copa": ("super_glue/copa/default.yaml", "validation"),
    "wikitext": ("wikitext/wikitext.yaml", "test"),
    "lambada_greedy": ("lambada/lambada_openai.yaml", "test"),
}

# Made documents, since the bundled checkpoints guess no whole word of the real ones: passages that end in the word the
# first checkpoint itself goes on with, so that greedy flags are compared where they are true. (asp's suite, its file)
MADE = {"lambada_greedy": ("lambada_openai", FIXTURES / "data" / "lambada_greedy.jsonl")}

# What must hold: per request in natural log, perplexities relative. Flags, acc, acc_norm and their errors: identical.
LOGPROB_TOLERANCE = 1e-3
PERPLEXITY_TOLERANCE = 1e-4


def main():
    options = parse_arguments()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if options.make_greedy:
        make_greedy(export_model(options.models[0], work / "models" / options.models[0].name))
    data = {name: documents_of(name, options) for name in options.suites}
    missing = [str(path) for path in data.values() if not path.exists()]
    if missing:
        sys.exit(f"error: no documents at {', '.join(missing)}")
    rows = []
    for model in options.models:
        name = model.name
        exported = export_model(model, work / "models" / name)
        theirs = run_lm_eval(exported, data, work / "lm-eval" / name, options)
        for dtype in options.dtypes:
            ours = run_asp(model, dtype, data, work / "asp" / f"{name}-{dtype}", options)
            for suite in data:
                row = compare(suite, theirs, ours)
                rows.append({"model": name, "dtype": dtype, **row})
                report(rows[-1])
        if options.fixture and name == options.models[0].name:
            write_fixture(theirs, data, name)
    known = remember(rows, work / "comparison.json")
    if options.docs:
        write_table(known)
    sys.exit(0 if all(row["agrees"] for row in rows) else 1)


def remember(rows, file):
    """All comparisons made in this folder, so that one table can hold those of several runs."""
    known = {tuple(row[key] for key in ("model", "dtype", "suite")): row for row in read_rows(file) + rows}
    file.write_text(json.dumps(list(known.values()), indent=1))
    return list(known.values())


def read_rows(file):
    return json.loads(file.read_text()) if file.exists() else []


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for models, tasks and results; may be deleted")
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        default=[ROOT / "models" / "asp-tiny-dense", ROOT / "models" / "asp-tiny"],
        help="checkpoint folders; the fixture is of the first",
    )
    parser.add_argument("--data", type=Path, default=SAMPLES, help="folder with <suite>.jsonl (default: suites/samples)")
    parser.add_argument("--suites", nargs="+", choices=TASKS, help="default: every suite that has documents in --data")
    parser.add_argument("--dtypes", nargs="+", default=["f32", "auto"], help="what asp keeps weights in")
    parser.add_argument("--device", default="auto", help="asp's --device")
    parser.add_argument("--batch-size", default="16", help="of lm-eval")
    parser.add_argument("--asp", default=f"node {ROOT / 'bin' / 'dev.js'}", help="the command that starts asp")
    parser.add_argument("--reuse", action="store_true", help="take lm-eval's and asp's results already in --work, if any")
    parser.add_argument("--make-greedy", action="store_true", help="rewrite the made documents with the first checkpoint")
    parser.add_argument("--fixture", action="store_true", help="rewrite test/fixtures/lm-eval")
    parser.add_argument("--docs", action="store_true", help="rewrite the table of docs/conformance.md from all comparisons in --work")
    options = parser.parse_args()
    options.suites = options.suites or [name for name in TASKS if documents_of(name, options).exists()]
    return options


def documents_of(suite, options):
    return MADE[suite][1] if suite in MADE else options.data / f"{suite}.jsonl"


def make_greedy(model):
    """Ends of lambada passages with the word the model itself goes on with, every third with the passage's own."""
    import torch
    from transformers import AutoTokenizer, GPT2LMHeadModel

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = GPT2LMHeadModel.from_pretrained(model, torch_dtype=torch.float32).eval()
    passages = [json.loads(line)["text"] for line in open(SAMPLES / "lambada_openai.jsonl", encoding="utf-8")]
    rows = []
    for number, passage in enumerate(passages):
        *words, last = passage.split(" ")
        context = " ".join(words[-24:])
        before = tokenizer(context)["input_ids"]
        with torch.no_grad():
            made = network.generate(torch.tensor([before]), max_new_tokens=8, do_sample=False, pad_token_id=0)[0]
        word = re.match(r" [^ ]+(?= )", tokenizer.decode(made[len(before) :]))
        if number % 3 == 2:
            rows.append({"idx": len(rows), "text": f"{context} {last}"})
        elif word and tokenizer(context + word[0])["input_ids"] == made[: len(tokenizer(context + word[0])["input_ids"])].tolist():
            rows.append({"idx": len(rows), "text": context + word[0]})
    file = MADE["lambada_greedy"][1]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def export_model(folder, target):
    """The GPT-2 part of a checkpoint in float32, as GPT2LMHeadModel.from_pretrained reads it."""
    from safetensors.torch import load_file, save_file

    target.mkdir(parents=True, exist_ok=True)
    # What scores tokens for dropping is no part of GPT-2, and dense scoring does not use it.
    own = re.compile(r"\.attn\.(q_int|k_int|int_bias)")
    tensors = {k: v.float().contiguous() for k, v in load_file(folder / "model.safetensors").items() if not own.search(k)}
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config = {k: v for k, v in config.items() if k not in ("int_n_embd", "propagate_in_depth")}
    (target / "config.json").write_text(json.dumps({**config, "torch_dtype": "float32"}, indent=2))
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folder / file, target / file)
    return target


def run_lm_eval(model, data, output, options):
    known = read_results(output) if options.reuse else None
    missing = {name: path for name, path in data.items() if known is None or name not in known["results"]}
    if missing:
        if not options.reuse:
            shutil.rmtree(output, ignore_errors=True)
        tasks = write_tasks(missing, options.work.resolve() / "tasks")
        arguments = f"pretrained={model},dtype=float32"
        command = [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args", arguments, "--device", "cpu"]
        command += ["--batch_size", options.batch_size, "--include_path", str(tasks), "--tasks", ",".join(missing)]
        command += ["--output_path", str(output), "--log_samples"]
        home = str(options.work.resolve() / "hf")
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": home, "TQDM_DISABLE": "1"}
        subprocess.run(command, check=True, env=environment, cwd=options.work)
    return read_results(output)


def write_tasks(data, folder):
    """lm-eval's own definitions, with only the dataset replaced by a local file."""
    theirs = Path(importlib.util.find_spec("lm_eval").origin).parent / "tasks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, path in data.items():
        definition, split = TASKS[name]
        lines = [
            f"include: {theirs / definition}",
            f"task: {name}",
            "dataset_path: json",
            "dataset_name: null",
            f"dataset_kwargs: {{data_files: {{{split}: {path.resolve()}}}}}",
            "training_split: null",
            f"validation_split: {'validation' if split == 'validation' else 'null'}",
            f"test_split: {'test' if split == 'test' else 'null'}",
        ]
        (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n")
    return folder


def run_asp(model, dtype, data, output, options):
    """asp's results in lm-eval's own layout. The bundled samples take one run, other documents one a suite."""
    bundled = [name for name in data if name not in MADE] if options.data.resolve() == SAMPLES else []
    runs = {"samples": bundled} if bundled else {}
    runs |= {name: [MADE[name][0] if name in MADE else name] for name in data if name not in bundled}
    merged = {"results": {}, "samples": {}, "task_hashes": {}}
    for run, names in runs.items():
        folder = output / run
        results = read_results(folder) if options.reuse else None
        if results is None or not set(names) <= set(results["results"]):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            command = [*options.asp.split(), "eval", *names, "--model", str(model), "--policy", "dense", "--dtype", dtype]
            command += ["--data", "sample" if bundled and run == "samples" else str(data[run].resolve())]
            command += ["--device", options.device, "--output-format", "lm-eval", "--output", str(folder), "--quiet"]
            subprocess.run(command, check=True, cwd=ROOT)
            results = read_results(folder)
        for key in merged:
            merged[key].update({run if run in MADE else name: results[key][name] for name in names})
    return merged


def read_results(folder):
    """The results files of lm-eval's layout in a folder as one, the newest last; samples under `samples`. None for none."""
    merged = {"samples": {}}
    for file in sorted(folder.glob("*/results_*.json"), key=lambda file: file.stat().st_mtime):
        results = json.loads(file.read_text(encoding="utf-8"))
        for key, value in results.items():
            by_task = isinstance(value, dict) and set(value) & set(results["results"])
            merged[key] = {**merged.get(key, {}), **value} if by_task else value
        date = file.stem.removeprefix("results_")
        for name in results["results"]:
            with open(file.parent / f"samples_{name}_{date}.jsonl", encoding="utf-8") as lines:
                merged["samples"][name] = [json.loads(line) for line in lines]
    return merged if "results" in merged else None


def responses(sample):
    """[(log-probability, greedy)] of the requests of a document; rolling requests have no greedy flag."""
    return [
        (float(r[0]), r[1] == "True") if isinstance(r, list) else (float(r), None) for r in sample["filtered_resps"]
    ]


def compare(suite, theirs, ours):
    """How far asp's samples and figures of a suite are from lm-eval's."""
    worst, total, requests, flags, true, problems = 0.0, 0.0, 0, 0, 0, []
    a, b = theirs["samples"][suite], ours["samples"][suite]
    if len(a) != len(b):
        problems.append(f"{len(a)} documents against {len(b)}")
    for position, (x, y) in enumerate(zip(a, b)):
        for field in ("doc_hash", "prompt_hash", "target_hash", "arguments"):
            if x[field] != y[field]:
                problems.append(f"document {position}: {field} differs")
        for k, ((p, g), (q, h)) in enumerate(zip(responses(x), responses(y), strict=True)):
            # A page's log-probability is a sum over hundreds of tokens; its tolerance is that of the perplexity.
            rolling = g is None
            difference = abs(p - q) / (abs(p) if rolling else 1)
            tolerance = PERPLEXITY_TOLERANCE if rolling else LOGPROB_TOLERANCE
            if not difference <= tolerance:
                problems.append(f"document {position}, request {k}: log-probability {p} against {q}")
            if g != h:
                flags += 1
                problems.append(f"document {position}, request {k}: greedy {g} against {h}")
            true += g is True
            worst, total, requests = max(worst, abs(p - q)), total + abs(p - q), requests + 1
    figures = {}
    for key, p in theirs["results"][suite].items():
        if not key.endswith(",none"):
            continue
        q = ours["results"][suite].get(key)
        figures[key] = (p, q)
        if not same_figure(key, p, q):
            problems.append(f"{key}: {p} against {q}")
    if theirs["task_hashes"][suite] != ours["task_hashes"][suite]:
        problems.append("task_hashes differ")
    mean = total / max(requests, 1)
    counts = {"documents": len(a), "requests": requests, "worst": worst, "mean": mean}
    return {"suite": suite, **counts, "flags": flags, "true": true, "figures": figures, "problems": problems, "agrees": not problems}


def same_figure(key, p, q):
    if not isinstance(p, (int, float)) or not isinstance(q, (int, float)):
        return p == q
    # The bootstrap's error of a perplexity is as far off as the perplexities are.
    tolerance = PERPLEXITY_TOLERANCE if "perplexity" in key or "bits" in key else 1e-12
    return math.isclose(p, q, rel_tol=tolerance)


def report(row):
    verdict = "agrees" if row["agrees"] else "DIFFERS"
    print(
        f"{row['model']} {row['dtype']:4} {row['suite']:16} {row['requests']:5} requests  "
        f"worst {row['worst']:.2e}  mean {row['mean']:.2e}  {verdict}"
    )
    for problem in row["problems"][:10]:
        print(f"    {problem}")
    if len(row["problems"]) > 10:
        print(f"    and {len(row['problems']) - 10} more")


def versions():
    names = ("lm_eval", "transformers", "torch", "datasets", "tokenizers")
    return {name: importlib.metadata.version(name) for name in names} | {"python": ".".join(map(str, sys.version_info[:3]))}


def write_fixture(theirs, data, model):
    """A file a suite: a head line, then a line per document with lm-eval's responses and the first hashes."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, path in data.items():
        samples = theirs["samples"][name]
        head = {
            "suite": name,
            "model": model,
            "versions": versions(),
            "data_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "results": {k: v for k, v in theirs["results"][name].items() if k.endswith(",none")},
            "task_hash": theirs["task_hashes"][name],
            "higher_is_better": theirs["higher_is_better"][name],
            "sample_keys": list(samples[0]),
        }
        lines = [head] + [fixture_line(position, sample) for position, sample in enumerate(samples)]
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        (FIXTURES / f"{name}.jsonl").write_text(text)
    layout = {key: value for key, value in theirs.items() if key != "samples"}
    layout["pretty_env_info"] = "..."
    # Two suites show all there is to see.
    for key in ("results", "configs"):
        layout[key] = {name: theirs[key][name] for name in ("piqa", "wikitext") if name in theirs[key]}
    (FIXTURES / "results.json").write_text(
        json.dumps(without_paths(layout, theirs), indent=2, ensure_ascii=False) + "\n"
    )


def fixture_line(position, sample):
    line = {"responses": [r if isinstance(r, list) else [r] for r in sample["filtered_resps"]]}
    line["responses"] = [[float(r[0]), *(x == "True" for x in r[1:])] for r in line["responses"]]
    if position < 12:
        line["hashes"] = [sample[key] for key in ("doc_hash", "prompt_hash", "target_hash")]
    return line


def without_paths(value, theirs):
    """Machine-specific paths have no place in a committed file."""
    if isinstance(value, dict):
        return {key: without_paths(item, theirs) for key, item in value.items()}
    if isinstance(value, list):
        return [without_paths(item, theirs) for item in value]
    return re.sub(r"(/[\w.+-]+){2,}/", "/path/", value) if isinstance(value, str) else value


def write_table(rows):
    head = "| checkpoint | asp's weights | suite | documents | requests | largest difference | mean | greedy flags | figures, lm-eval / asp |"
    table = [head, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        figures = "; ".join(
            f"{key.removesuffix(',none')} {p:.6g} / {q:.6g}"
            for key, (p, q) in row["figures"].items()
            if "_stderr" not in key
        )
        verdict = f"{row['flags']} differ" if row["flags"] else f"identical, {row['true']} true"
        flags = "-" if row["suite"] == "wikitext" else verdict
        table.append(
            f"| {row['model']} | {row['dtype']} | {row['suite']} | {row['documents']} | {row['requests']} "
            f"| {row['worst']:.1e} | {row['mean']:.1e} | {flags} | {figures} |"
        )
    told = ", ".join(f"{name} {version}" for name, version in versions().items())
    text = DOCS.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCS.write_text(f"{before}{BEGIN}\n{chr(10).join(table)}\n\nMade with {told}.\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
