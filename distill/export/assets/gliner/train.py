"""Trains GLiNER.

MODEL is a GLiNER model: a folder, or a name on the Hugging Face hub. OUT is the folder of
the student. The types asked about a passage are its own and its negatives, and no others.
"""

import argparse
import json
import os

import torch
from gliner import GLiNER

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("out")
parser.add_argument("--steps", type=int, default=10000, help="steps in all, of 8 passages (default: 10000)")
flags = parser.parse_args()
here = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(here, name), encoding="utf-8") as f:
        return json.load(f)


model = GLiNER.from_pretrained(flags.model)
trainer = model.train_model(
    read("train.json"),
    [[if .HasDev]]read("dev.json")[[else]]None[[end]],
    output_dir=flags.out,
    learning_rate=1e-5,
    others_lr=5e-5,
    weight_decay=0.01,
    lr_scheduler_type="cosine",
    warmup_ratio=0.1,
    per_device_train_batch_size=8,
    focal_loss_alpha=0.75,
    focal_loss_gamma=2,
    max_steps=flags.steps,
    save_steps=1000,
    save_total_limit=2,
    logging_steps=10,
    bf16=torch.cuda.is_available(),
    use_cpu=not torch.cuda.is_available(),
)
model.save_pretrained(flags.out)
