"""Trains a small student on a processor, with TRL, from an export of `nerbench distill
export --for trl`. Only the answers and the </s> behind each are trained: the chat template
of the export marks them. Before the first step the labels are compared with the answers.
"""

import argparse
import json
import os
import pathlib
import sys

import datasets
import torch
import transformers
import trl


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--base", required=True, help="folder of the model to start from")
    p.add_argument("--data", required=True, type=pathlib.Path, help="folder of the export")
    p.add_argument("--out", required=True, type=pathlib.Path, help="folder for the student")
    p.add_argument("--steps", type=int, default=400)
    p.add_argument("--batch", type=int, default=16, help="conversations a step")
    p.add_argument("--learning-rate", type=float, default=1.5e-3)
    p.add_argument("--max-tokens", type=int, default=1024, help="longest conversation")
    p.add_argument("--seed", type=int, default=0)
    return p.parse_args()


def conversations(file):
    with open(file, encoding="utf-8") as lines:
        return datasets.Dataset.from_list([{"messages": json.loads(line)["messages"]} for line in lines])


def check_labels(data, prepared, tokenizer):
    """Compares what is trained with the answers: all of them, each with its blank and its </s>."""
    for messages, record in zip(data["messages"], prepared):
        answers = [m["content"] for m in messages if m["role"] == "assistant"][1:]
        want = "".join(f" {a}{tokenizer.eos_token}" for a in answers)
        got = tokenizer.decode([i for i in record["labels"] if i != -100])
        if got != want:
            sys.exit(f"train: the labels are {got!r}, want {want!r}")
        if record["input_ids"].count(tokenizer.bos_token_id) != 1 or record["input_ids"][0] != tokenizer.bos_token_id:
            sys.exit(f"train: want one {tokenizer.bos_token} at the start: {tokenizer.decode(record['input_ids'])!r}")


def save(model, tokenizer, out):
    model.half().save_pretrained(out)
    tokenizer.save_pretrained(out)
    # transformers 5 drops add_bos_token, and converters to GGUF then write "false".
    file = out / "tokenizer_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["add_bos_token"] = tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    o = options()
    tokenizer = transformers.AutoTokenizer.from_pretrained(o.base)
    tokenizer.chat_template = (o.data / "chat_template.jinja").read_text(encoding="utf-8")
    data = conversations(o.data / "train.jsonl")
    # TRL warns that the end of a turn is not trained. That is wrong: check_labels.
    trainer = trl.SFTTrainer(
        model=transformers.AutoModelForCausalLM.from_pretrained(o.base, dtype=torch.float32),
        processing_class=tokenizer,
        train_dataset=data,
        args=trl.SFTConfig(
            output_dir=os.fspath(o.out),
            max_steps=o.steps,
            per_device_train_batch_size=o.batch,
            learning_rate=o.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=0.04,
            max_length=o.max_tokens,
            assistant_only_loss=True,
            # On a processor, padding costs as much as text, and memory is not short.
            train_sampling_strategy="group_by_length",
            activation_checkpointing=False,
            bf16=False,
            use_cpu=True,
            logging_steps=20,
            save_strategy="no",
            disable_tqdm=True,
            seed=o.seed,
        ),
    )
    check_labels(data, trainer.train_dataset, tokenizer)
    trainer.train()
    save(trainer.model, tokenizer, o.out)


main()
