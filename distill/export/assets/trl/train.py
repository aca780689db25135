"""Trains a student with TRL: python train.py MODEL OUT [flags]

MODEL is a base model: a folder, or a name on the Hugging Face hub. OUT is the folder of
the student. The schedule is that of the UniversalNER paper on eight GPUs: 256
conversations a step. On fewer GPUs, raise --accumulation. A model of 7 billion
parameters takes 112 GB with its gradients and AdamW, which accelerate can shard (FSDP).
After a stop, the same command goes on from the last checkpoint in OUT.
"""

import argparse
import json
import os
import pathlib
import sys

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("out")
parser.add_argument("--steps", type=int, default=-1, help="steps in all; by default, there are 3 epochs")
parser.add_argument("--batch", type=int, default=2, help="conversations at once on a device")
parser.add_argument("--accumulation", type=int, default=16, help="batches a step")
parser.add_argument("--learning-rate", type=float, default=2e-5)
parser.add_argument("--seed", type=int, default=42)
o = parser.parse_args()
here = os.path.dirname(os.path.abspath(__file__))
gpu = torch.cuda.is_available()

tokenizer = AutoTokenizer.from_pretrained(o.model)
# In 32 bits, as the released trainer: many base models are in 16-bit floats, in which the
# squares of small gradients are 0, so that AdamW divides by almost 0.
model = AutoModelForCausalLM.from_pretrained(o.model, dtype=torch.float32)
if len(tokenizer.encode("</s>", add_special_tokens=False)) != 1:
    tokenizer.add_special_tokens({"eos_token": "</s>"})
    model.resize_token_embeddings(max(len(tokenizer), model.get_input_embeddings().num_embeddings))
tokenizer.eos_token = "</s>"
tokenizer.pad_token = tokenizer.pad_token or tokenizer.unk_token or "</s>"
with open(os.path.join(here, "chat_template.jinja")) as f:
    tokenizer.chat_template = f.read()

data = load_dataset("json", data_files={
    "train": os.path.join(here, "train.jsonl"),
[[- if .HasDev]]
    "dev": os.path.join(here, "dev.jsonl"),
[[- end]]
})
# TRL warns that the end of a turn is not trained. That is wrong: see check_labels.
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=data["train"],
    eval_dataset=[[if .HasDev]]data["dev"][[else]]None[[end]],
    args=SFTConfig(
        output_dir=o.out,
        assistant_only_loss=True,  # the template marks the answers
        eos_token="</s>",
        max_length=[[.MaxTokens]],
        num_train_epochs=3,
        max_steps=o.steps,
        learning_rate=o.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.04,
        weight_decay=0.0,
        per_device_train_batch_size=o.batch,
        gradient_accumulation_steps=o.accumulation,
        # On a processor, padding costs as much as text, and memory is not short.
        train_sampling_strategy="random" if gpu else "group_by_length",
        activation_checkpointing=gpu,
        bf16=gpu,
        logging_steps=10,
        save_steps=0.1,
        save_total_limit=2,
[[- if .HasDev]]
        eval_strategy="steps",
        eval_steps=0.1,
[[- end]]
        disable_tqdm=True,
        report_to="none",
        seed=o.seed,
    ),
)


def check_labels():
    """Compares what is trained with the answers: all of them, each with its </s>, and no more."""
    cut = 0
    for messages, record in zip(data["train"]["messages"], trainer.train_dataset):
        ids, labels = record["input_ids"], record["labels"]
        answers = [m["content"] for m in messages if m["role"] == "assistant"][1:]
        want = "".join("".join(f"{a}</s>".split()) for a in answers)
        got = "".join(tokenizer.decode([i for i in labels if i != -100]).split())
        if len(ids) >= [[.MaxTokens]] and want.startswith(got):
            cut += got != want
        elif got != want:
            sys.exit(f"train.py: the labels are {got!r}, want {want!r}")
        bos = tokenizer.bos_token_id
        if bos is not None and bos != tokenizer.eos_token_id and (ids[0] != bos or ids.count(bos) != 1):
            sys.exit(f"train.py: want one {tokenizer.bos_token} at the start: {tokenizer.decode(ids)!r}")
    if cut:
        print(f"train.py: {cut} conversations are longer than [[.MaxTokens]] tokens, and are cut")


def last_checkpoint():
    """The last checkpoint in OUT. Its state is written last: without it, the training was
    stopped while the checkpoint was written."""
    folders = [f.parent for f in pathlib.Path(o.out).glob("checkpoint-*/trainer_state.json")]
    steps = {int(f.name[len("checkpoint-"):]): str(f) for f in folders if f.name[len("checkpoint-"):].isdigit()}
    return steps[max(steps)] if steps else None


check_labels()
trainer.train(resume_from_checkpoint=last_checkpoint())
trainer.save_model(o.out)

# transformers does not write add_bos_token, and converters to GGUF take its absence for
# "false": the student would lose the token that begins each of its prompts.
path = os.path.join(o.out, "tokenizer_config.json")
with open(path) as f:
    config = json.load(f)
ids = tokenizer("a")["input_ids"]
config["add_bos_token"] = tokenizer.bos_token_id is not None and ids[0] == tokenizer.bos_token_id
with open(path, "w") as f:
    json.dump(config, f, indent=2, ensure_ascii=False)
