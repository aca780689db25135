# /// script
# requires-python = ">=3.10"
# dependencies = ["transformers==4.57.6", "torch==2.13.0"]
# ///
"""Answers the passages of nerbench with a token classifier of the package transformers."""
import argparse, hashlib, json, pathlib, re, sys

here = pathlib.Path(__file__)
flags = argparse.ArgumentParser(description=__doc__)
flags.add_argument("--model", default="dslim/bert-base-NER", help="folder, or name at the hub")
flags.add_argument("--labels", type=pathlib.Path, default=here.with_name("labels.json"), help="types of each label")
flags.add_argument("--device", default="cpu", help="cpu, cuda, or cuda:NUMBER")
flags.add_argument("--batch", type=int, default=32, help="passages at once")
args = flags.parse_args()
protocol, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not an answer
try:
    import torch, transformers
except ImportError as err:
    pins = " ".join(re.findall(r'"([\w-]+==[\w.]+)"', here.read_text("utf-8")))
    sys.exit(f"{err}\ninstall: pip install {pins}\nor start with: uv run {here}")


def tags(texts):  # of a word that of its first piece, in the window where this is farthest from the edges
    rows = tokenizer(texts, is_split_into_words=True, truncation=True, max_length=width, stride=width // 4,
                     return_overflowing_tokens=True, padding=True, return_tensors="pt").to(args.device)
    best, text_of = [[(-1, "O")] * len(words) for words in texts], rows.pop("overflow_to_sample_mapping").tolist()
    for row, ids in enumerate(model(**rows).logits.argmax(-1).tolist()):
        pieces, words = rows.word_ids(row), best[text_of[row]]
        for at, (before, word) in enumerate(zip([None, *pieces], pieces)):
            if word not in (None, before):
                words[word] = max(words[word], (min(at, len(pieces) - at), model.config.id2label[ids[at]]))
    return [[tag for _, tag in words] for words in best]


def spans(p, words, tags):
    groups = [[0, 0, "O"]]  # start, end and label of words that belong together, outside of mentions too
    for (start, end), tag in zip(words, tags):
        begins, label = (tag[0] in "BSU", tag[2:]) if tag[1:2] == "-" else (False, tag)
        if begins or label != groups[-1][2]:
            groups.append([start, end, label])
        groups[-1][1] = end
    for start, end, label in groups:
        known = labels.get(label, [t for t, native in p.get("labels", {}).items() if label in native])
        yield from [{"start": start, "end": end, "type": t} for t in known if t in p["types"]][:1]


tokenizer = transformers.AutoTokenizer.from_pretrained(args.model, add_prefix_space=True)
model = transformers.AutoModelForTokenClassification.from_pretrained(args.model).to(args.device).requires_grad_(False)
width, labels = min(tokenizer.model_max_length, 512), json.loads(args.labels.read_text("utf-8"))
digest = hashlib.sha256(here.read_bytes() + args.labels.read_bytes() + tokenizer.backend_tokenizer.to_str().encode())
for name, weights in [(str(model.config.id2label), torch.zeros(0)), *model.state_dict().items()]:
    digest.update(name.encode() + weights.cpu().flatten().view(torch.uint8).numpy().tobytes())
hello = {"nerbench_exec": 1, "name": args.model.rstrip("/").split("/")[-1], "version": transformers.__version__}
hello |= {"answers": "spans", "digest": "sha256:" + digest.hexdigest(), "batch": args.batch, "deterministic": True}
print(json.dumps(hello), file=protocol, flush=True)
for first in map(json.loads, sys.stdin):
    batch = [first, *(json.loads(sys.stdin.readline()) for _ in range(first["more"]))]
    words = [p.get("tokens") or [m.span() for m in re.finditer(r"\w+|[^\w\s]", p["text"])] for p in batch]
    for p, ranges, found in zip(batch, words, tags([[p["text"][s:e] for s, e in r] for p, r in zip(batch, words)])):
        print(json.dumps({"id": p["id"], "spans": list(spans(p, ranges, found))}), file=protocol, flush=True)
