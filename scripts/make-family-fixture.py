#!/usr/bin/env python3
"""What lm-evaluation-harness makes of the rows of test/fixtures/families/rows.json: its own definitions of `blimp`, MultiBLiMP and the
translated LAMBADA with only their datasets replaced, every request's log-probability and every figure, that of the group included.

    python scripts/make-family-fixture.py --work /tmp/families

Needs what scripts/compare-lm-eval.py needs; no network. Writes test/fixtures/families/lm-eval.json. The hand-written pairs are dealt
out to the 67 paradigms of BLiMP so that no two have the same documents: in order of name, paradigm k has 3 + k % 5 pairs, of which
the j-th is the (7k + 3j + k div 40)-th of all.
"""

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures" / "families"
MODEL = ROOT / "models" / "asp-tiny-dense"
# By family: lm-eval's definition of a member, and the split that is scored.
FAMILIES = {
    "blimp_": ("blimp/{}.yaml", "train"),
    "multiblimp_": ("multiblimp/multiblimp_{}.yaml", "train"),
    "lambada_openai_mt_": ("lambada_multilingual/lambada_mt_{}.yaml", "test"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the model, tasks and rows; may be deleted")
    work = parser.parse_args().work.resolve()
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(work / "hf"), "TQDM_DISABLE": "1"}
    sys.path.insert(0, str(ROOT / "scripts"))
    compare = importlib.import_module("compare-lm-eval")
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    theirs = Path(lm_eval.__file__).parent / "tasks"
    paradigms = sorted(path.stem for path in (theirs / "blimp").glob("*.yaml") if path.stem != "_blimp")
    given = json.loads((FIXTURES / "rows.json").read_text(encoding="utf-8"))
    pairs = given.pop("blimp")
    dealt = {f"blimp_{name}": [(7 * k + 3 * j + k // 40) % len(pairs) for j in range(3 + k % 5)] for k, name in enumerate(paradigms)}
    rows = {name: [pairs[i] for i in places] for name, places in dealt.items()}
    rows |= {name: own for name, own in given.items() if any(name.startswith(family) for family in FAMILIES)}
    tasks = write_tasks(rows, theirs, work / "tasks")
    model = HFLM(pretrained=str(compare.export_model(MODEL, work / "model")), dtype="float32", device="cpu", batch_size=16)
    manager = TaskManager(include_path=str(tasks))
    others = [name for name in rows if not name.startswith("blimp_")]
    got = lm_eval.simple_evaluate(model=model, tasks=["blimp", *others], task_manager=manager, log_samples=True)
    figures = lambda result: {key: value for key, value in result.items() if key.endswith(",none")}
    fixture = {
        "model": MODEL.name,
        "versions": compare.versions(),
        "dealt": dealt,
        "group": figures(got["groups"]["blimp"]),
        "sample_len": got["groups"]["blimp"].get("sample_len"),
        "suites": {
            name: {
                "figures": figures(got["results"][name]),
                "version": got["versions"][name],
                "arguments": [[list(one) for one in sample["arguments"]] for sample in got["samples"][name]],
                "responses": [[[float(l), str(g) == "True"] for l, g in answers(sample)] for sample in got["samples"][name]],
            }
            for name in rows
        },
    }
    # Arguments show what is asked; once a family is enough, as the rows say the rest.
    for name, suite in fixture["suites"].items():
        if name.startswith("blimp_") and name != "blimp_adjunct_island":
            del suite["arguments"]
    (FIXTURES / "lm-eval.json").write_text(json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def answers(sample):
    return [response if len(response) == 2 else response[0] for response in sample["filtered_resps"]]


def write_tasks(rows, theirs, folder):
    """lm-eval's own definitions, with only the dataset replaced by rows on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in rows.items():
        family = next(prefix for prefix in FAMILIES if name.startswith(prefix))
        definition, split = FAMILIES[family]
        data = folder / f"{name}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in own), encoding="utf-8")
        (folder / f"{name}.yaml").write_text(
            f"include: {theirs / definition.format(name.removeprefix(family))}\n"
            f"task: {name}\ndataset_path: json\ndataset_name: null\ntag: null\n"
            f"dataset_kwargs: {{data_files: {{{split}: {data}}}}}\n"
        )
    return folder


if __name__ == "__main__":
    main()
