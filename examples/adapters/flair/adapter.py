# /// script
# requires-python = ">=3.10"
# dependencies = ["flair==0.15.1", "transformers==4.57.6", "torch==2.13.0"]
# ///
"""Answers the passages of nerbench with a sequence tagger of Flair."""
import argparse, hashlib, json, pathlib, re, sys

here = pathlib.Path(__file__)
flags = argparse.ArgumentParser(description=__doc__)
flags.add_argument("--model", default="flair/ner-english", help="file, or name at the hub")
flags.add_argument("--labels", type=pathlib.Path, default=here.with_name("labels.json"), help="types of each label")
flags.add_argument("--device", default="cpu", help="cpu, cuda, or cuda:NUMBER")
flags.add_argument("--batch", type=int, default=32, help="passages at once")
args = flags.parse_args()
protocol, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not an answer
try:
    import flair, flair.models, torch
except ImportError as err:
    pins = " ".join(re.findall(r'"([\w-]+==[\w.]+)"', here.read_text("utf-8")))
    sys.exit(f"{err}\ninstall: pip install {pins}\nor start with: uv run {here}")


def spans(p, words, sentence):
    for label in sentence.get_labels(tagger.label_type):
        tokens = getattr(label.data_point, "tokens", [label.data_point])  # of a mention, or one word
        start, end = words[tokens[0].idx - 1][0], words[tokens[-1].idx - 1][1]
        known = labels.get(label.value, [t for t, native in p.get("labels", {}).items() if label.value in native])
        for kind in [t for t in known if t in p["types"]][:1]:
            yield {"start": start, "end": end, "type": kind, "text": p["text"][start:end]}


flair.device = torch.device(args.device)
tagger = flair.models.SequenceTagger.load(args.model).eval()
labels = json.loads(args.labels.read_text("utf-8"))
digest = hashlib.sha256(here.read_bytes() + args.labels.read_bytes())
digest.update(f"{torch.__version__} {tagger.label_dictionary.get_items()} {tagger.embeddings}".encode())
for name, weights in tagger.state_dict().items():
    digest.update(name.encode() + weights.cpu().flatten().view(torch.uint8).numpy().tobytes())
hello = {"nerbench_exec": 1, "name": args.model.rstrip("/").split("/")[-1], "version": flair.__version__}
hello |= {"answers": "spans", "digest": "sha256:" + digest.hexdigest(), "batch": args.batch, "deterministic": True}
print(json.dumps(hello), file=protocol, flush=True)
for first in map(json.loads, sys.stdin):
    batch = [first, *(json.loads(sys.stdin.readline()) for _ in range(first["more"]))]
    words = [p.get("tokens") or [m.span() for m in re.finditer(r"\w+|[^\w\s]", p["text"])] for p in batch]
    words = [[(start, end) for start, end in ranges if start < end] for ranges in words]
    sentences = [flair.data.Sentence([p["text"][s:e] for s, e in w]) for p, w in zip(batch, words)]
    tagger.predict([s for s in sentences if len(s)], mini_batch_size=args.batch)
    for p, ranges, sentence in zip(batch, words, sentences):
        print(json.dumps({"id": p["id"], "spans": list(spans(p, ranges, sentence))}), file=protocol, flush=True)
