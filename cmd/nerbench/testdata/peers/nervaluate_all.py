"""Score a column file with nervaluate: nervaluate_all.py FILE."""
import sys

from nervaluate.evaluator import Evaluator

gold, pred, tags = [[]], [[]], set()
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        columns = line.split()
        if not columns:
            gold.append([])
            pred.append([])
            continue
        gold[-1].append(columns[-2])
        pred[-1].append(columns[-1])
        tags.update(tag[2:] for tag in columns[-2:] if tag != "O")
results = Evaluator(gold, pred, tags=sorted(tags), loader="list").evaluate()
print(results["overall"]["strict"].f1)
