#!/usr/bin/env bash
# The whole recipe, from texts to students on the benchmark: Table 4 of the paper, in small.
# A teacher is asked about the passages of a corpus, three students are trained on its
# answers that differ in the negatives (none, uniform, frequency), and asked. Here, the
# corpus is the train splits of six datasets, and the teacher answers with their
# annotations. The base and the data are in the reference material (NERBENCH_REFERENCE).
# A second call goes on where the first one ended; use another DIR for other settings.
# usage: examples/train/run.sh [DIR], by default DIR is .cache/train.
# NERBENCH is the program (by default it is built), NERBENCH_TRAIN the Python with the
# packages of requirements.txt (by default .ci/train installs it). STEPS, BATCH, SEED,
# RATIO (negatives for each type of a passage), SAMPLE (passages of the teacher), LIMIT
# (passages of each dataset to ask) and JOBS (students that train at once) can be set. The
# default STEPS and RATIO were chosen on the passages that are asked (docs/distill.md). For
# your own data, choose them on other passages, such as those of a dev split.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${NERBENCH_REFERENCE:?names the folder of the reference material}"
reference=$(cd "$NERBENCH_REFERENCE" && pwd)
base=$reference/models/tiny-uniner-none
export NERBENCH_DATA=$reference/data
corpus=(mit-movie mit-restaurant crossner-ai crossner-literature crossner-music crossner-politics)
asked=mit-movie,mit-restaurant
kinds=(none uniform frequency)
python=${NERBENCH_TRAIN:-$("$root/.ci/train")}
program=${NERBENCH:-}
if [ -z "$program" ]; then
  make -s -C "$root" build
  program=$root/bin/nerbench
fi
mkdir -p "${1:-$root/.cache/train}"
cd "${1:-$root/.cache/train}"
mkdir -p texts students logs cards

for d in "${corpus[@]}"; do
  "$program" datasets export "$d" --split train >"texts/$d.jsonl"
done
"$program" distill construct texts -m exec/annotations \
  --command "'$python' '$here/teacher.py' $(echo texts/*.jsonl)" --sample "${SAMPLE:-10000}" --out made
"$program" distill stats made

# PyTorch, MKL and OpenMP: one thread for each student.
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export HF_DATASETS_DISABLE_PROGRESS_BARS=1 CUDA_VISIBLE_DEVICES=

student() {
  kind=$1
  "$program" distill build made --dev 0 --negatives "$kind" --ratio "${RATIO:-1}" --out "sets/$kind"
  "$program" distill export "sets/$kind" --for trl --out "exports/$kind"
  if [ ! -e "$kind.gguf" ]; then
    "$python" "exports/$kind/train.py" "$base" "students/$kind" --steps "${STEPS:-600}" \
      --batch "${BATCH:-16}" --accumulation 1 --learning-rate 1.5e-3 --seed "${SEED:-0}"
    "$python" "$here/to_gguf.py" "students/$kind" "$kind.gguf.part"
    mv "$kind.gguf.part" "$kind.gguf"
  fi
  # The file, whose card names it and the datasets that the student has seen; the folder.
  "$program" distill check "sets/$kind" "$kind.gguf" --models cards
  "$program" distill check "sets/$kind" "students/$kind" --models cards
}

running=() failed=
finish() { # waits for the first of the running students
  set -- ${running[0]}
  running=("${running[@]:1}")
  wait "$1" && echo "$2: trained" || { failed=1; echo "$2: failed"; tail -n 20 "logs/$2"; }
}
for kind in "${kinds[@]}"; do
  student "$kind" >>"logs/$kind" 2>&1 &
  running+=("$! $kind")
  [ ${#running[@]} -lt "${JOBS:-1}" ] || finish
done
while [ ${#running[@]} -gt 0 ]; do finish; done
[ -z "$failed" ]

# A processor gives one thread the same answers, however busy it is.
nerbench() { "$program" "$@" --store results.db; }
nerbench sweep run checkpoints --models cards $(printf -- '-m %s ' "${kinds[@]}") -d $asked \
  --limit "${LIMIT:-200}" --metric uniner_f1 --threads 1 --out table
nerbench table --cols model --metric uniner_f1 --ci 10000 --run-only --format csv >table/ratios.csv
echo "precision and recall: $PWD/table/ratios.csv"
