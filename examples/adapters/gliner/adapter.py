# /// script
# requires-python = ">=3.10"
# dependencies = ["gliner==0.2.29", "transformers==4.57.6", "torch==2.13.0"]
# ///
"""Answers the passages of nerbench with a model of GLiNER, which is asked for the types of each passage."""
import argparse, hashlib, json, pathlib, re, sys

here = pathlib.Path(__file__)
flags = argparse.ArgumentParser(description=__doc__)
flags.add_argument("--model", default="urchade/gliner_medium-v2.1", help="folder, or name at the hub")
flags.add_argument("--labels", type=pathlib.Path, default=here.with_name("labels.json"), help="label for a type")
flags.add_argument("--device", default="cpu", help="cpu, cuda, or cuda:NUMBER")
flags.add_argument("--batch", type=int, default=16, help="passages at once")
flags.add_argument("--threshold", type=float, default=0.5, help="least score of a mention")
args = flags.parse_args()
protocol, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not an answer
try:
    import gliner, torch
except ImportError as err:
    pins = " ".join(re.findall(r'"([\w-]+==[\w.]+)"', here.read_text("utf-8")))
    sys.exit(f"{err}\ninstall: pip install {pins}\nor start with: uv run {here}")


Window = type("Window", (str,), {})  # the text of the words that the model reads at once


def windows(p):
    words = p.get("tokens") or [m.span() for m in re.finditer(r"\w+(?:[-_]\w+)*|\S", p["text"])]
    words, size = [(start, end) for start, end in words if start < end], model.config.max_len
    for at in range(0, max(len(words) - size // 2, 1) if words else 0, size // 2):
        inside = words[at : at + size]
        text = Window(p["text"][inside[0][0] : inside[-1][1]])
        text.id, text.start = p["id"], inside[0][0]
        text.words = [(p["text"][start:end], start - text.start, end - text.start) for start, end in inside]
        text.first = inside[size // 4][0] if at else 0  # a mention counts in the window where it begins in the middle
        text.last = inside[size * 3 // 4][0] if at + size < len(words) else len(p["text"])
        text.types = {kind: labels.get(kind, kind) for kind in p["types"]}
        yield text


model = gliner.GLiNER.from_pretrained(args.model, map_location=args.device).eval()
model.data_processor.words_splitter = lambda text: text.words  # the words of the passage
labels = json.loads(args.labels.read_text("utf-8"))
digest = hashlib.sha256(here.read_bytes() + args.labels.read_bytes() + f"{args.threshold} {torch.__version__}".encode())
digest.update(model.data_processor.transformer_tokenizer.backend_tokenizer.to_str().encode())
for name, weights in model.state_dict().items():
    digest.update(name.encode() + weights.cpu().flatten().view(torch.uint8).numpy().tobytes())
hello = {"nerbench_exec": 1, "name": args.model.rstrip("/").split("/")[-1], "version": gliner.__version__}
hello |= {"answers": "spans", "digest": "sha256:" + digest.hexdigest(), "batch": args.batch, "deterministic": True}
print(json.dumps(hello), file=protocol, flush=True)
for first in map(json.loads, sys.stdin):
    batch = [first, *(json.loads(sys.stdin.readline()) for _ in range(first["more"]))]
    texts, spans = [text for p in batch for text in windows(p)], {p["id"]: [] for p in batch}
    found = model.inference(texts, [text.types for text in texts], threshold=args.threshold, batch_size=args.batch)
    for text, mention in [(text, mention) for text, mentions in zip(texts, found) for mention in mentions]:
        start, end = mention["start"] + text.start, mention["end"] + text.start
        if text.first <= start < text.last:
            spans[text.id].append({"start": start, "end": end, "type": mention["label"], "text": mention["text"]})
    for id, found in spans.items():
        print(json.dumps({"id": id, "spans": found}), file=protocol, flush=True)
