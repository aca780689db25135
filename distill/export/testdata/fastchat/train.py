"""Trains a student with FastChat, as the authors of UniversalNER did:

torchrun --nproc_per_node=8 train.py --data_path train.json \
    --model_name_or_path yahma/llama-7b-hf --output_dir student \
    --model_max_length 2048 --num_train_epochs 3 --learning_rate 2e-5 \
    --lr_scheduler_type cosine --warmup_ratio 0.04 --weight_decay 0 \
    --per_device_train_batch_size 2 --gradient_accumulation_steps 16 \
    --bf16 True --tf32 True --gradient_checkpointing True \
    --fsdp "full_shard auto_wrap" --fsdp_transformer_layer_cls_to_wrap LlamaDecoderLayer \
    --save_steps 5000 --save_total_limit 2 --logging_steps 10

This is FastChat's own trainer with the system line of the prompts, and without loss on
the turn after the passage. FastChat evaluates on 2 % of the file that it takes away
itself.
"""

import argparse
import shutil

import fastchat.train.train as trainer
from fastchat.conversation import conv_templates

conv_templates["vicuna_v1.1"].system_message = (
    "A virtual assistant answers questions from a user based on the provided text."
)
original = trainer.preprocess


def preprocess(sources, tokenizer):
    """Masks the first turn of the assistant, which is no answer."""
    batch = original(sources, tokenizer)
    for ids, labels in zip(batch["input_ids"], batch["labels"]):
        end = ids.tolist().index(tokenizer.eos_token_id)  # of that turn
        labels[: end + 1] = trainer.IGNORE_TOKEN_ID
    return batch


trainer.preprocess = preprocess

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)  # all other flags are FastChat's
    parser.add_argument("--output_dir", required=True)
    out = parser.parse_known_args()[0].output_dir
    trainer.train()
    # The student's own template, for "nerbench distill check".
    shutil.copy("chat_template.jinja", out)
