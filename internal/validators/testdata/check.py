"""Checks an export with the programs that it is made for: check.py FORMAT DIR.

DIR/runs.json is the output of "nerbench runs list --json". The export is in DIR/FORMAT,
or for a format that is printed in the file DIR/FORMAT. Every check compares numbers
with those of runs.json.
"""

import contextlib
import glob
import io
import json
import sys
from pathlib import Path

fmt, where = sys.argv[1], Path(sys.argv[2])
runs = {r["id"]: r for r in json.loads((where / "runs.json").read_text("utf-8"))}
out = where / fmt


def equal(name, got, want):
    if got != want:
        sys.exit(f"{fmt}: {name}: {got!r}, want {want!r}")


def near(name, got, want):
    if abs(got - want) > 1e-12:
        sys.exit(f"{fmt}: {name}: {got!r}, want {want!r}")


def eee():
    from every_eval_ever.validator.validate import main

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = main(["--format", "json", str(out / "data/*/*/*/*")])
    reports = json.loads(printed.getvalue())
    bad = [r for r in reports if not r["valid"] or r["errors"] or r["warnings"]]
    equal("exit code and faulty files", (code, bad), (0, []))
    equal("files", len(reports), 2 * len(runs))
    seen = set()
    for name in glob.glob(str(out / "data/*/*/*/*.json")):
        record = json.loads(Path(name).read_text("utf-8"))
        run = runs[record["source_metadata"]["additional_details"]["run"]]
        seen.add(run["id"])
        scores = {r["evaluation_result_id"]: r["score_details"]["score"] for r in record["evaluation_results"]}
        equal(f"scores of {name}", scores, {m: f["f1"] for m, f in run["scores"].items()})
        samples = Path(name.removesuffix(".json") + "_samples.jsonl").read_text("utf-8").splitlines()
        for metric, figures in run["scores"].items():
            lines = [s for s in map(json.loads, samples) if s["evaluation_result_id"] == metric]
            equal(f"passages of {name}", len(lines), run["scored"])
            equal(f"tp of {metric}", sum(float(s["metadata"]["tp"]) for s in lines), figures["tp"])
    equal("runs", seen, set(runs))


def lm_eval():
    from every_eval_ever.converters.lm_eval.adapter import LMEvalAdapter
    from every_eval_ever.converters.lm_eval.instance_level_adapter import LMEvalInstanceLevelAdapter
    from lm_eval.utils import get_file_datetime, get_file_task_name, get_results_filenames, get_sample_results_filenames, make_table

    files = [str(p) for p in out.rglob("*") if p.is_file()]
    results, samples = get_results_filenames(files), get_sample_results_filenames(files)
    equal("files", len(results) + len(samples), len(files))
    dates = {get_file_datetime(f).removesuffix(".json") for f in results}
    seen = set()
    for name in results:
        data = json.loads(Path(name).read_text("utf-8"))
        table = make_table(data)
        for task, run in ((t, runs[r["run"]]) for t, r in data["nerbench"]["runs"].items()):
            seen.add(run["id"])
            f1 = run["scores"]["span_f1"]["f1"]
            near(f"span_f1 of {task}", data["results"][task]["span_f1,none"], f1)
            rows = [[c.strip() for c in line.split("|")] for line in table.splitlines()]
            if not any("span_f1" in r and f"{f1:.4f}" in [f"{float(c):.4f}" for c in r[7:8]] for r in rows) or run["keys"]["dataset"] not in table:
                sys.exit(f"{task}: not in the table:\n{table}")
            own = [f for f in samples if get_file_task_name(Path(f).name) == task and get_file_datetime(f) == get_file_datetime(name).removesuffix(".json")]
            equal(f"files of samples of {task}", len(own), 1)
            lines = [json.loads(line) for line in Path(own[0]).read_text("utf-8").splitlines()]
            equal(f"samples of {task}", len(lines), run["scored"])
            rows = LMEvalInstanceLevelAdapter().transform_samples(own[0], "e", "m", task)
            equal(f"converted samples of {task}", len(rows), len(lines) * len(run["scores"]))
            equal("dates", get_file_datetime(own[0]) in dates, True)
    equal("runs", seen, set(runs))
    logs = LMEvalAdapter().transform_from_directory(out, {"source_organization_name": "x"})
    equal("converted tasks", len(logs), len(runs))


def hub():
    import yaml
    from huggingface_hub import eval_result_entries_to_yaml, parse_eval_result_entries

    benchmark = yaml.safe_load((out / "eval.yaml").read_text("utf-8"))
    tasks = {t["id"]: t for t in benchmark["tasks"]}
    equal("members", set(benchmark), {"name", "description", "evaluation_framework", "tasks"})
    equal("tasks", len(tasks), len(benchmark["tasks"]))
    n = 0
    for name in glob.glob(str(out / "*/.eval_results/*.yaml")):
        data = yaml.safe_load(Path(name).read_text("utf-8"))
        entries = parse_eval_result_entries(data)
        equal("round trip", eval_result_entries_to_yaml(entries), data)
        for entry in entries:
            n += 1
            task = tasks[entry.task_id]
            run = next(r for r in runs.values() if r["id"] in entry.notes)
            equal("dataset", task["config"], run["keys"]["dataset"])
            f1 = run["scores"][entry.task_id.removeprefix(task["config"] + "_")]["f1"]
            equal("value", abs(entry.value - 100 * f1) <= 0.05 + 1e-9, True)
            equal("types", (type(entry.date), type(entry.dataset_id)), (str, str))
    equal("entries", n, 2 * len(runs))


def model_index():
    from huggingface_hub import ModelCard

    card = ModelCard("---\n" + out.read_text("utf-8") + "---\n# A model\n", ignore_metadata_errors=False)
    results = card.data.eval_results
    equal("results", len(results), sum(3 * len(r["scores"]) for r in runs.values()))
    for r in results:
        if r.metric_type != "f1":
            continue
        run = runs[r.metric_args["run"]]
        near(r.metric_name, r.metric_value, run["scores"][r.metric_name]["f1"])
        equal("dataset", r.dataset_args["id"], run["keys"]["dataset"])
    ModelCard(str(card))  # written and read again


def tables():
    import duckdb

    def query(sql):
        return duckdb.sql(sql).fetchall()

    def check(table, name):
        rows = query(f"select run, metric, f1, tp, n_pred, n_gold, passages_scored, split_passages, dataset from {table}")
        equal(f"rows of {name}", len(rows), sum(len(r["scores"]) for r in runs.values()))
        for run, metric, f1, tp, n_pred, n_gold, scored, split, dataset in rows:
            f = runs[run]["scores"][metric]
            equal(f"{name}, {run}, {metric}", (f1, tp, n_pred, n_gold, scored, dataset), (f["f1"], f["tp"], f["n_pred"], f["n_gold"], runs[run]["scored"], runs[run]["keys"]["dataset"]))

    if fmt == "csv":
        check(f"read_csv('{out}')", "csv")
        return
    check(f"'{out}/metrics.parquet'", "metrics.parquet")
    sums = query(f"select c.run, metric, sum(tp), sum(n_pred), sum(n_gold), count(*) from '{out}/counts.parquet' c join '{out}/passages.parquet' p using (run, index) group by all")
    equal("sums", len(sums), sum(len(r["scores"]) for r in runs.values()))
    for run, metric, tp, n_pred, n_gold, n in sums:
        f = runs[run]["scores"][metric]
        equal(f"counts of {run}, {metric}", (tp, n_pred, n_gold, n), (f["tp"], f["n_pred"], f["n_gold"], runs[run]["scored"]))
    for gold, predicted in query(f"select gold, predicted from '{out}/passages.parquet'"):
        json.loads(gold), json.loads(predicted)
    created = query(f"select created_by from parquet_file_metadata('{out}/metrics.parquet')")[0][0]
    equal("program", created.split()[0], "nerbench")


{"eee": eee, "lm-eval": lm_eval, "hf-eval-results": hub, "model-index": model_index, "csv": tables, "parquet": tables}[fmt]()
print(f"{fmt}: ok")
