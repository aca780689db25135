"""Score pairs of answers by the procedure of docs/spec/metrics.md §3, written plainly:
official_pairs.py FILE, lines {"gold": "[…]", "pred": "[…]"}."""
import json
import re
import string
import sys


def normalise(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def parse(answer):
    match = re.match(r"\[(.*?)\]", answer)
    if not match:
        return []
    try:
        items = json.loads(match.group(0))
    except ValueError:
        return []
    if not all(isinstance(item, str) for item in items):
        return []
    found = []
    for item in items:
        item = normalise(item)
        if item not in found:
            found.append(item)
    return found


right = predicted = wanted = 0
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        pair = json.loads(line)
        gold, pred = parse(pair["gold"]), parse(pair["pred"])
        right += sum(item in gold for item in pred)
        predicted += len(pred)
        wanted += len(gold)
precision, recall = right / (predicted + 1e-10), right / (wanted + 1e-10)
print(2 * precision * recall / (precision + recall + 1e-10))
