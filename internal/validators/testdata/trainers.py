"""Reads exports of training data as the trainers do: trainers.py KIND FOLDER"""

import json
import os
import sys

kind, folder = sys.argv[1:3]


def records(name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return json.load(f) if name.endswith(".json") else [json.loads(line) for line in f]


def byte_level(trim=False):
    """A tokenizer of single bytes, as that of LLaMA 3."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {c: i for i, c in enumerate(["<s>", "</s>", *letters, "Ġ["])}
    raw = Tokenizer(models.BPE(vocabulary, [("Ġ", "[")]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    raw.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=trim),
        processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)]),
    ])
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="</s>")


def sentencepiece():
    """A tokenizer of single letters, as that of LLaMA: a text, and what follows a special
    token, begins with a blank."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted({c for r in records("trl/train.jsonl") for m in r["messages"] for c in "▁USERAINT:" + m["content"]} - {" "})
    vocabulary = {c: i for i, c in enumerate(["<unk>", "<s>", "</s>", "<pad>", *letters, "▁["])}
    raw = Tokenizer(models.BPE(vocabulary, [("▁", "[")], unk_token="<unk>"))
    raw.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    raw.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ("<unk>", "<s>", "</s>", "<pad>")])
    raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    t = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>", model_max_length=2048)
    t.legacy = True
    return t


def compare(t, got, blanks=True):
    """The tokens and the labels of a trainer: one BOS, then the text of the prompts; what is
    trained is the answers, each with its </s>. Without blanks, those that a tokenizer of the
    kind of LLaMA writes at the beginning and behind </s> do not count."""
    clean = (lambda text: text) if blanks else (lambda text: "".join(text.split()))
    want = records("trl/train.jsonl")
    assert len(got) == len(want), (len(got), len(want))
    for r, (ids, labels) in zip(want, got):
        m = [x["content"] for x in r["messages"]]
        text = f"<s>{m[0]} USER: {m[1]} ASSISTANT: {m[2]}</s>"
        text += "".join(f"USER: {q} ASSISTANT: {a}</s>" for q, a in zip(m[3::2], m[4::2]))
        assert clean(t.decode(ids)) == clean(text), (t.decode(ids), text)
        trained = t.decode([i for i in labels if i != -100])
        answers = "".join(f" {a}</s>" for a in m[4::2])
        assert clean(trained) == clean(answers), (trained, answers)
        assert [i for i, k in zip(ids, labels) if k != -100] == [k for k in labels if k != -100]


def program(kind):
    """The train.py of an export, as a module."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("exported", os.path.join(folder, kind, "train.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_llamafactory():
    """LLaMA-Factory's settings, converter, template and labels."""
    import yaml
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments

    program("llamafactory")  # registers the template
    with open(os.path.join(folder, "llamafactory", "llamafactory.yaml")) as f:
        settings = yaml.safe_load(f)
    names = ("template", "dataset", "cutoff_len", "mask_history", "train_on_prompt")
    data = DataArguments(dataset_dir=os.path.join(folder, "llamafactory"), **{n: settings[n] for n in names})
    model = ModelArguments(model_name_or_path=settings["model_name_or_path"])
    training = Seq2SeqTrainingArguments(output_dir=os.environ["HF_HOME"], use_cpu=True)
    t = byte_level()
    template = get_template_and_fix_tokenizer(t, data)
    read = get_dataset(template, model, data, training, stage="sft", tokenizer=t)["train_dataset"]
    compare(t, [(r["input_ids"], r["labels"]) for r in read])


def check_axolotl():
    """Axolotl's strategy for chat templates."""
    import yaml
    from axolotl.prompt_strategies.chat_template import load
    from axolotl.utils.dict import DictDefault

    with open(os.path.join(folder, "axolotl", "axolotl.yaml")) as f:
        settings = DictDefault(yaml.safe_load(f))
    t = byte_level()
    strategy = load(t, settings, settings.datasets[0])
    read = [strategy.tokenize_prompt(r) for r in records("axolotl/train.jsonl")]
    compare(t, [(r["input_ids"], r["labels"]) for r in read])


def check_fastchat():
    """FastChat's preprocess, as the program of the export changes it."""
    t = sentencepiece()
    sources = [r["conversations"] for r in records("fastchat/train.json")]
    read = program("fastchat").preprocess(sources, t)
    batch = zip(read["input_ids"].tolist(), read["labels"].tolist())
    compare(t, [([i for i in ids if i != t.pad_token_id], labels[: len(ids)]) for ids, labels in batch], blanks=False)


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

    for target in ("trl", "axolotl", "unsloth", "openai"):
        got = load_dataset("json", data_files=os.path.join(folder, target, "train.jsonl"))["train"]
        assert len(got) == 4 and "messages" in got.column_names, target
    for target in ("llamafactory", "fastchat", "gliner"):
        got = load_dataset("json", data_files=os.path.join(folder, target, "train.json"))["train"]
        assert len(got) == (3 if target == "gliner" else 4), target
    hub = load_dataset(os.path.join(folder, "hf"))
    assert len(hub["train"]) == 4 and len(hub["validation"]) == 1, hub

    for trim in (False, True):  # offsets of LLaMA 3 are trimmed
        t = byte_level(trim)
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


globals()["check_" + kind]()
print(kind + ": ok")
