"""Score a column file with seqeval in strict mode: seqeval_strict.py FILE."""
import sys

from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

gold, pred = [[]], [[]]
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        columns = line.split()
        if not columns:
            gold.append([])
            pred.append([])
            continue
        gold[-1].append(columns[-2])
        pred[-1].append(columns[-1])
print(f1_score(gold, pred, mode="strict", scheme=IOB2))
