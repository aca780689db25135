"""Trains a student with Unsloth (LoRA).

MODEL is a base model: a folder, or a name on the Hugging Face hub. Its tokenizer must
have </s> as one token. OUT gets the student, merged, in 16 bits. For the schedule of the
UniversalNER paper, 256 conversations make a step.
"""

import argparse
import json
import os
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
parser.add_argument("out")
flags = parser.parse_args()  # before PyTorch, which takes long

from unsloth import FastLanguageModel  # before transformers and trl
from datasets import load_dataset
from transformers import DataCollatorForSeq2Seq
from trl import SFTConfig, SFTTrainer

base, out = flags.model, flags.out
here = os.path.dirname(os.path.abspath(__file__))
length = [[.MaxTokens]]

model, tokenizer = FastLanguageModel.from_pretrained(base, max_seq_length=length, load_in_4bit=False)
if len(tokenizer.encode("</s>", add_special_tokens=False)) != 1:
    sys.exit(f"{base}: </s> is not one token of this model: use the export for TRL, which adds it")
tokenizer.eos_token = "</s>"
with open(os.path.join(here, "chat_template.jinja")) as f:
    tokenizer.chat_template = f.read()
model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=16)


def labelled(record):
    """The tokens of a conversation. Those outside the marks of the template have no label."""
    t = tokenizer.apply_chat_template(
        record["messages"], tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    ids, mask = t["input_ids"][:length], t["assistant_masks"][:length]
    labels = [token if trained else -100 for token, trained in zip(ids, mask)]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}


data = load_dataset("json", data_files={
    "train": os.path.join(here, "train.jsonl"),
[[- if .HasDev]]
    "dev": os.path.join(here, "dev.jsonl"),
[[- end]]
})
data = data.map(labelled, remove_columns=data["train"].column_names)
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=data["train"],
    eval_dataset=[[if .HasDev]]data["dev"][[else]]None[[end]],
    data_collator=DataCollatorForSeq2Seq(tokenizer),
    args=SFTConfig(
        output_dir=out,
        max_length=length,
        dataset_kwargs={"skip_prepare_dataset": True},  # it is tokenized
        remove_unused_columns=False,
        num_train_epochs=3,
        learning_rate=2e-4,  # for LoRA; the paper trains all weights with 2e-5
        lr_scheduler_type="cosine",
        warmup_ratio=0.04,
        weight_decay=0.0,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=128,
        logging_steps=10,
        save_steps=500,
        save_total_limit=2,
        report_to="none",
    ),
)
trainer.train()
model.save_pretrained_merged(out, tokenizer, save_method="merged_16bit")

# transformers does not write add_bos_token, and converters to GGUF take its absence for
# "false": the student would lose the token that begins each of its prompts.
path = os.path.join(out, "tokenizer_config.json")
with open(path) as f:
    config = json.load(f)
ids = tokenizer("a")["input_ids"]
config["add_bos_token"] = tokenizer.bos_token_id is not None and ids[0] == tokenizer.bos_token_id
with open(path, "w") as f:
    json.dump(config, f, indent=2, ensure_ascii=False)
