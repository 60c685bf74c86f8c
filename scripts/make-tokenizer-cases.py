"""
Ten kinds of tokenizer, each under every option that its files can give, and what transformers makes of them:
test/fixtures/tokenizers/<kind>.json, which test/data/tokenizer-cases.test.ts holds asp to. `bare` are ids without tokens around a
text, of a case only where they are unlike those of the tokenizer as saved; `full` are those of lm-eval, only where unlike `bare`.

    pip install transformers==5.24.0 tokenizers==0.23.3
    python scripts/make-tokenizer-cases.py
"""

import json
import os
import pathlib
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import tokenizers
import transformers
from transformers import AutoTokenizer

OUT = pathlib.Path(__file__).parent.parent / "test/fixtures/tokenizers"
END = "<|endoftext|>"
TEXTS = [
    "hi there",
    " hi there",
    "it's 12  two\n\nlines\tof hi.",
    "hi<|sep|>there <|sep|> hi",
    "Zürich hi 東京 \U0001f600!",
    "hi\u00a0there\u0085hi\ufeffhi",
    END + "hi there",
    "hi " + END + " there",
    "hi,there...hi qx",
    "",
]


def byte_chars():
    """GPT-2's printable character of each byte."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [b for b in range(256) if b not in plain]
    table = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(rest)}
    return [table[b] for b in range(256)]


def bpe(symbols, merges, specials=(), **more):
    vocab = [*symbols, *(a + b for a, b in merges), *specials]
    return {"type": "BPE", "vocab": {t: i for i, t in enumerate(vocab)}, "merges": [list(m) for m in merges], **more}


def added(vocab, *contents, **flags):
    return [token(vocab[c], c, **flags) for c in contents]


def token(id, content, **flags):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": id, "content": content, **plain, **flags}


def whole(model, **parts):
    empty = {"normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "added_tokens": []}
    return {"version": "1.0", "truncation": None, "padding": None, **empty, **parts, "model": model}


def starting(content, id, end=None):
    """A post-processor that puts a token before every text, and one after it."""
    parts = [{"SpecialToken": {"id": content, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    ids = {content: id}
    if end is not None:
        parts.append({"SpecialToken": {"id": end[0], "type_id": 0}})
        ids[end[0]] = end[1]
    special = {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in ids.items()}
    pair = [*parts, {"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": parts, "pair": pair, "special_tokens": special}


G = "\u0120"
MERGES = [("h", "i"), (G, "hi"), ("t", "h"), ("e", "r"), ("er", "e"), ("th", "ere"), (G, "there"), ("1", "2"), (".", "."), (G, "t")]
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
NAMED = {"bos_token": END, "eos_token": END, "unk_token": END}
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(**parts):
    model = bpe(byte_chars(), MERGES, [END])
    standard = {"pre_tokenizer": BYTE_LEVEL, "post_processor": BYTE_LEVEL, "decoder": BYTE_LEVEL}
    return whole(model, added_tokens=added(model["vocab"], END), **(standard | parts))


def kinds():
    gpt2 = byte_level()
    n = len(gpt2["model"]["vocab"])
    yield "gpt2", {"tokenizer.json": gpt2, "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", **NAMED}}

    merges = "#version: 0.2\n" + "\n".join(" ".join(m) for m in MERGES) + "\n"
    slow = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": 64}
    yield "gpt2-two-files", {"vocab.json": gpt2["model"]["vocab"], "merges.txt": merges, "tokenizer_config.json": slow}

    fast = {"tokenizer_class": "PreTrainedTokenizerFast", **NAMED}
    yield "byte-level", {"tokenizer.json": gpt2, "tokenizer_config.json": fast}

    words = {"type": "Split", "pattern": {"Regex": CL100K}, "behavior": "Removed", "invert": True}
    bytes_ = {**BYTE_LEVEL, "use_regex": False}
    cl100k = byte_level(pre_tokenizer={"type": "Sequence", "pretokenizers": [words, bytes_]})
    cl100k["model"]["ignore_merges"] = True
    yield "cl100k", {"tokenizer.json": cl100k, "tokenizer_config.json": fast}

    digits = {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, BYTE_LEVEL]}
    nfc = byte_level(pre_tokenizer=digits, normalizer={"type": "NFC"})
    yield "digits", {"tokenizer.json": nfc, "tokenizer_config.json": fast}

    S = "\u2581"
    fallback = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256))]
    llama_merges = [("h", "i"), (S, "hi"), ("t", "h"), ("e", "r"), ("er", "e"), ("th", "ere"), (S, "there")]
    symbols = list(dict.fromkeys([*fallback, S, *"hiter,.abcdfglnosuz"]))
    model = bpe(symbols, llama_merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    spaces = {"type": "Replace", "pattern": {"String": " "}, "content": S}
    llama = whole(
        model,
        added_tokens=added(model["vocab"], "<unk>", "<s>", "</s>"),
        normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": S}, spaces]},
        post_processor=starting("<s>", 1),
        decoder={
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": S}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
    )
    three = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    yield "byte-fallback", {
        "tokenizer.json": llama,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **three},
    }

    listed = ["[UNK]", END, "hi", "there", "it", "'", "s", "two", "lines", "of", "12", ".", ","]
    model = {"type": "WordLevel", "vocab": {t: i for i, t in enumerate(listed)}, "unk_token": "[UNK]"}
    level = whole(model, added_tokens=added(model["vocab"], "[UNK]", END), pre_tokenizer={"type": "Whitespace"})
    yield "word-level", {
        "tokenizer.json": level,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "eos_token": END},
    }

    listed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hi", "the", "##re", "it", "'", "s", "two", "line", "##s", "of", "1", "##2", ".", ",", "zu", "##rich"]
    model = {"type": "WordPiece", "vocab": {t: i for i, t in enumerate(listed)}, "unk_token": "[UNK]"}
    model |= {"continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    piece = whole(
        model,
        added_tokens=added(model["vocab"], "[PAD]", "[UNK]", "[CLS]", "[SEP]"),
        normalizer=bert,
        pre_tokenizer={"type": "BertPreTokenizer"},
        post_processor=starting("[CLS]", 2, ("[SEP]", 3)),
        decoder={"type": "WordPiece", "prefix": "##", "cleanup": True},
    )
    named = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "eos_token": "[SEP]"}
    yield "word-piece", {
        "tokenizer.json": piece,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **named},
    }

    listed = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), (S, -2.0), (S + "hi", -3.0), (S + "the", -3.5), ("re", -4.0)]
    listed += [(c, -5.0 - i / 8) for i, c in enumerate("hiteraso12.,'nlwf")] + [("there", -6.0), ("hi", -5.5)]
    meta = {"type": "Metaspace", "replacement": S, "prepend_scheme": "always", "split": True}
    unigram = whole(
        {"type": "Unigram", "unk_id": 2, "vocab": [list(v) for v in listed], "byte_fallback": False},
        added_tokens=[token(i, c) for i, c in enumerate(["<pad>", "</s>", "<unk>"])],
        pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, meta]},
        decoder=meta,
        post_processor=None,
    )
    named = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    yield "unigram", {
        "tokenizer.json": unigram,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **named},
    }

    letters = [*"hiteraso12.,'nlwf"]
    symbols = ["<unk>", *letters, *(c + "</w>" for c in letters)]
    ends = [("h", "i</w>"), ("t", "h"), ("e", "r"), ("er", "e</w>"), ("th", "ere</w>"), ("1", "2</w>")]
    model = bpe(symbols, ends, [END], unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=False)
    chars = whole(
        model,
        added_tokens=added(model["vocab"], "<unk>", END),
        normalizer={"type": "Lowercase"},
        pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}]},
        decoder={"type": "BPEDecoder", "suffix": "</w>"},
    )
    yield "characters", {
        "tokenizer.json": chars,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "eos_token": END},
    }


def options(files):
    """Name -> files that replace others; a dictionary for tokenizer.json or tokenizer_config.json replaces keys."""
    yield "as saved", {}
    config = files["tokenizer_config.json"]
    definition = files.get("tokenizer.json")
    vocab = definition["model"]["vocab"] if definition else files["vocab.json"]
    n = len(vocab)
    named_end = END if (END in vocab if isinstance(vocab, dict) else False) else config["eos_token"]
    yield "add_prefix_space in tokenizer_config.json", {"tokenizer_config.json": {"add_prefix_space": True}}
    if definition and definition["pre_tokenizer"] == BYTE_LEVEL:
        spaced = {"pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": True}}
        yield "add_prefix_space in tokenizer.json", {"tokenizer.json": spaced}
        refused = {"tokenizer.json": spaced, "tokenizer_config.json": {"add_prefix_space": False}}
        yield "add_prefix_space in tokenizer.json, refused by tokenizer_config.json", refused
    sep = {"added_tokens.json": {"<|sep|>": n, "<|pad|>": n + 1}}
    yield "added_tokens.json", sep
    mapped = {"additional_special_tokens": ["<|sep|>"], "pad_token": "<|pad|>", "eos_token": named_end}
    yield "added_tokens.json and special_tokens_map.json", {**sep, "special_tokens_map.json": mapped}
    flags = {"lstrip": True, "rstrip": True, "normalized": False, "single_word": False, "special": False}
    plain = {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in (definition or {}).get("added_tokens", [])}
    decoder = {**plain, str(n): {"content": "<|sep|>", **flags}}
    yield "added_tokens_decoder", {"tokenizer_config.json": {"added_tokens_decoder": decoder}}
    yield "added_tokens_decoder beside added_tokens.json", {
        "added_tokens.json": {"<|sep|>": n + 1, "hi": n},
        "tokenizer_config.json": {"added_tokens_decoder": decoder},
    }
    without = {k: None for k in ("bos_token", "eos_token") if k in config}
    yield "start token in special_tokens_map.json", {
        "special_tokens_map.json": {"bos_token": {"content": "<|sep|>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}, "eos_token": named_end},
        "tokenizer_config.json": without,
    }
    yield "extra_special_tokens", {"tokenizer_config.json": {"extra_special_tokens": ["<|sep|>"], "mask_token": "there"}}
    yield "pad token past the table", {"tokenizer_config.json": {"pad_token": "[PAD]"}}
    yield "add_bos_token", {"tokenizer_config.json": {"add_bos_token": True, "bos_token": named_end}}
    if definition:
        id = vocab[named_end] if isinstance(vocab, dict) else [v[0] for v in vocab].index(named_end)
        yield "post-processor with a start token", {"tokenizer.json": {"post_processor": starting(named_end, id)}}
        roberta = {"type": "RobertaProcessing", "cls": [named_end, id], "sep": [named_end, id], "trim_offsets": True, "add_prefix_space": False}
        both = {"type": "Sequence", "processors": [BYTE_LEVEL, roberta]}
        yield "post-processor with a start and an end token", {"tokenizer.json": {"post_processor": both}}
    if definition and config["tokenizer_class"] == "GPT2Tokenizer":
        parts = {"normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, BYTE_LEVEL]}}
        yield "parts of tokenizer.json that GPT2Tokenizer does not have", {"tokenizer.json": parts}
    if config["tokenizer_class"] == "GPT2Tokenizer":
        yield "no tokenizer_config.json", {"tokenizer_config.json": None}


PART_TEXTS = [
    "  hi  there it",
    "a.b,c!!  12 345 hi_there",
    "x<tok>y <tok> hi<tok>",
    "hithere hi there",
    "Z\u00fcrich \u039f\u0394\u039f\u03a3 e\u0301 \ufb01 \u65e5\u672c",
    "\t\n hi\u3000there\u2028hi",
]


def parts(kinds):
    """One part of tokenizer.json at a time: kind, name, and what replaces it; of the model, the keys that change."""
    for behavior in ["Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"]:
        for invert in [False, True]:
            split = {"type": "Split", "pattern": {"Regex": "([.,!])|\\s"}, "behavior": behavior, "invert": invert}
            yield "characters", f"Split {behavior} {invert}", {"pre_tokenizer": split}
        yield "word-level", f"Punctuation {behavior}", {"pre_tokenizer": {"type": "Punctuation", "behavior": behavior}}
    yield "characters", "Split at a text", {"pre_tokenizer": {"type": "Split", "pattern": {"String": "."}, "behavior": "Removed", "invert": False}}
    for type, option in [("WhitespaceSplit", {}), ("BertPreTokenizer", {}), ("Digits", {"individual_digits": False}), ("Digits", {"individual_digits": True}), ("CharDelimiterSplit", {"delimiter": " "})]:
        yield "characters", f"{type} {option}", {"pre_tokenizer": {"type": type, **option}}
    for scheme in ["always", "never", "first"]:
        for split in [True, False]:
            mark = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": scheme, "split": split}
            kind = kinds["unigram"]["tokenizer.json"]
            extra = [*kind["added_tokens"], token(len(kind["model"]["vocab"]), "<tok>")]
            yield "unigram", f"Metaspace {scheme} {split}", {"pre_tokenizer": mark, "added_tokens": extra}
    for type in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"]:
        yield "byte-level", type, {"normalizer": {"type": type}}
    for left, right in [(True, True), (False, True), (False, False)]:
        yield "byte-level", f"Strip {left} {right}", {"normalizer": {"type": "Strip", "strip_left": left, "strip_right": right}}
    yield "byte-level", "Replace", {"normalizer": {"type": "Replace", "pattern": {"Regex": " +"}, "content": "$&_"}}
    yield "byte-level", "Prepend", {"normalizer": {"type": "Prepend", "prepend": "hi"}}
    for clean, chinese, accents, lower in [(True, True, None, True), (True, False, True, False), (False, True, False, True)]:
        bert = {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": accents, "lowercase": lower}
        yield "byte-level", f"BertNormalizer {clean} {chinese} {accents} {lower}", {"normalizer": bert}
    for flags in [{"lstrip": True}, {"rstrip": True}, {"single_word": True}, {"normalized": True}, {"special": False}]:
        for kind in ["byte-level", "byte-fallback"]:
            of = kinds[kind]["tokenizer.json"]
            more = [*of["added_tokens"], token(len(of["model"]["vocab"]), "<tok>", **flags), token(999, "hi", **flags)]
            yield kind, f"added token, {flags}", {"added_tokens": more}
    for kind, option in [("characters", {"fuse_unk": True}), ("byte-fallback", {"byte_fallback": False}), ("byte-fallback", {"byte_fallback": False, "fuse_unk": False})]:
        yield kind, f"{option}", {"model": option}
    model = kinds["byte-level"]["tokenizer.json"]["model"]
    other = {"y": "<y>", "_": "<_>"}
    yield "byte-level", "bytes that the vocabulary lacks", {"model": {"vocab": {other.get(t, t): i for t, i in model["vocab"].items()}}}
    model = kinds["unigram"]["tokenizer.json"]["model"]
    fallback = [[f"<0x{b:02X}>", -20.0] for b in range(256)]
    yield "unigram", "byte_fallback", {"model": {"byte_fallback": True, "vocab": [*model["vocab"], *fallback]}}


def with_changes(files, changes):
    merged = dict(files)
    for name, change in changes.items():
        if change is None:
            del merged[name]
        elif name in ("tokenizer.json", "tokenizer_config.json"):
            merged[name] = {**merged[name], **change}
        else:
            merged[name] = change
    return merged


def measured(files, texts=TEXTS):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in [*files.items(), ("config.json", {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]})]:
            text = content if isinstance(content, str) else json.dumps(content)
            pathlib.Path(folder, name).write_text(text, encoding="utf8")
        tok = AutoTokenizer.from_pretrained(folder)
    prefix = tok.bos_token_id if tok.bos_token_id is not None else tok.eos_token_id
    bare = [tok.encode(t, add_special_tokens=False) for t in texts]
    # lm-eval 0.4.13, HFLM.tok_encode with add_bos_token None
    start = tok.decode(prefix)
    full = [tok.encode(t, **({"add_special_tokens": False} if t.startswith(start) else {})) for t in texts]
    return {"prefix": prefix, "size": max(tok.get_vocab().values()) + 1, "bare": bare, "full": full}


def differing(rows, plain):
    """Position -> row, of those that are unlike the plain ones."""
    return {i: row for i, (row, other) in enumerate(zip(rows, plain)) if row != other}


def main():
    for kind, files in kinds():
        saved = measured(files)
        cases = []
        for option, changes in options(files):
            found = measured(with_changes(files, changes))
            bare, full = differing(found["bare"], saved["bare"]), differing(found["full"], found["bare"])
            cases.append({"option": option, "changes": changes, **found, "bare": bare, "full": full})
        made = {"made_with": f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}"}
        head = json.dumps({**made, "texts": TEXTS, "files": files, "bare": saved["bare"]}, ensure_ascii=True, separators=(",", ":"))
        rows = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases)
        (OUT / f"{kind}.json").write_text(f'{head[:-1]},"cases":[\n{rows}\n]}}\n', encoding="utf8")
        print(kind, len(cases))
    files = dict(kinds())
    saved = {kind: measured(files[kind], PART_TEXTS)["bare"] for kind in files}
    rows = []
    for kind, name, change in parts(files):
        model = {**files[kind]["tokenizer.json"]["model"], **change.get("model", {})}
        found = measured(with_changes(files[kind], {"tokenizer.json": {**change, "model": model}}), PART_TEXTS)
        row = {"kind": kind, "part": name, "change": change, "bare": differing(found["bare"], saved[kind])}
        rows.append(json.dumps(row, separators=(",", ":")))
    head = json.dumps({**made, "texts": PART_TEXTS, "bare": saved}, separators=(",", ":"))
    (OUT.parent / "tokenizer/parts.json").write_text(f'{head[:-1]},"cases":[\n' + ",\n".join(rows) + "\n]}\n", encoding="utf8")
    print("parts", len(rows))


main()
