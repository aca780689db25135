"""Trains a student with TRL: python train.py MODEL OUT

MODEL is a base model: a folder, or a name on the Hugging Face hub. OUT is the folder of
the student. The schedule is that of the UniversalNER paper on eight GPUs: 256
conversations a step. On fewer GPUs, raise gradient_accumulation_steps. A model of 7 billion
parameters takes 112 GB with its gradients and AdamW, which accelerate can shard (FSDP).
"""

import json
import os
import sys

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

base, out = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))

tokenizer = AutoTokenizer.from_pretrained(base)
# In 32 bits, as the released trainer: many base models are in 16-bit floats, in which the
# squares of small gradients are 0, so that AdamW divides by almost 0.
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
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
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=data["train"],
    eval_dataset=[[if .HasDev]]data["dev"][[else]]None[[end]],
    args=SFTConfig(
        output_dir=out,
        assistant_only_loss=True,  # the template marks the answers
        eos_token="</s>",
        max_length=[[.MaxTokens]],
        num_train_epochs=3,
        max_steps=int(os.environ.get("MAX_STEPS", -1)),
        learning_rate=2e-5,
        lr_scheduler_type="cosine",
        warmup_steps=0.04,
        weight_decay=0.0,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=16,
        gradient_checkpointing=True,
        bf16=torch.cuda.is_available(),
        logging_steps=10,
        save_steps=500,
        save_total_limit=2,
        report_to="none",
    ),
)
trainer.train()
trainer.save_model(out)

# transformers does not write add_bos_token, and converters to GGUF take its absence for
# "false": the student would lose the token that begins each of its prompts.
path = os.path.join(out, "tokenizer_config.json")
with open(path) as f:
    config = json.load(f)
ids = tokenizer("a")["input_ids"]
config["add_bos_token"] = tokenizer.bos_token_id is not None and ids[0] == tokenizer.bos_token_id
with open(path, "w") as f:
    json.dump(config, f, indent=2, ensure_ascii=False)
