"""Reads exports of training data as the trainers do: trainers.py gliner|trl FOLDER"""

import json
import os
import sys

kind, folder = sys.argv[1:3]


def records(name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return json.load(f) if name.endswith(".json") else [json.loads(line) for line in f]


def check_gliner():
    """GLiNER's own words, and its classes: the types of a passage and its negatives."""
    from types import SimpleNamespace

    from gliner.data_processing.processor import UniEncoderSpanProcessor
    from gliner.data_processing.tokenizer import WhitespaceTokenSplitter

    split = WhitespaceTokenSplitter()
    texts = {}
    for c in records("hf/data/train.jsonl"):
        texts.setdefault(c["text"], []).extend(c["questions"])
    data = records("gliner/train.json")
    assert len(data) == len(texts), (len(data), len(texts))
    config = SimpleNamespace(max_neg_type_ratio=1, max_types=25, max_len=384, max_width=12)
    processor = object.__new__(UniEncoderSpanProcessor)
    processor.config = config
    to_ids, _ = processor.batch_generate_class_mappings(data)
    for r, (text, questions), ids in zip(data, texts.items(), to_ids):
        assert r["tokenized_text"] == [word for word, _, _ in split(text)], text
        found = {q["type"]: set() for q in questions}
        for first, last, name in r["ner"]:
            found[name].add("".join(r["tokenized_text"][first : last + 1]))
        for q in questions:
            want = {a.replace(" ", "") for a in q["answers"]} - {"do"}
            assert found[q["type"]] == want, (q, found)
        assert set(ids) == set(found), (ids, found)


def check_trl():
    """The datasets library loads all files; transformers finds the trained tokens."""
    from datasets import load_dataset
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    for target in ("trl", "axolotl", "unsloth", "openai"):
        got = load_dataset("json", data_files=os.path.join(folder, target, "train.jsonl"))["train"]
        assert len(got) == 4 and "messages" in got.column_names, target
    for target in ("llamafactory", "fastchat", "gliner"):
        got = load_dataset("json", data_files=os.path.join(folder, target, "train.json"))["train"]
        assert len(got) == (3 if target == "gliner" else 4), target
    hub = load_dataset(os.path.join(folder, "hf"))
    assert len(hub["train"]) == 4 and len(hub["validation"]) == 1, hub

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {c: i for i, c in enumerate(["<s>", "</s>", *letters, "Ġ["])}
    raw = Tokenizer(models.BPE(vocabulary, [("Ġ", "[")]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    for trim in (False, True):  # offsets of LLaMA 3 are trimmed
        raw.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=trim),
            processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)]),
        ])
        t = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>")
        with open(os.path.join(folder, "trl", "chat_template.jinja")) as f:
            t.chat_template = f.read()
        for r in records("trl/train.jsonl"):
            m = r["messages"]
            prompt = f"{m[0]['content']} USER: {m[1]['content']} ASSISTANT: {m[2]['content']}</s>USER: {m[3]['content']} ASSISTANT:"
            assert t.apply_chat_template(m[:4], tokenize=False) == "<s>" + prompt
            whole = t.apply_chat_template(m, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
            ids, mask = whole["input_ids"], whole["assistant_masks"]
            asked = t(prompt)["input_ids"]
            assert ids[: len(asked)] == asked, "other tokens"
            assert not any(mask[: len(asked)]) and mask[len(asked)], "the first trained token"
            trained = t.decode([i for i, k in zip(ids, mask) if k])
            assert trained == "".join(f" {a['content']}</s>" for a in m[4::2]), trained


{"gliner": check_gliner, "trl": check_trl}[kind]()
print(kind + ": ok")
