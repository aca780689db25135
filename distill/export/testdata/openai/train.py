"""Starts a fine-tuning job at OpenAI, or at a service with its API.

MODEL is a model of the service that can be trained. The key is read from OPENAI_API_KEY,
the address from OPENAI_BASE_URL. This uploads the passages and costs money. Ask the
student as chat: the service has its own template, so its prompts are not those of family
uniner byte for byte.
"""

import argparse

from openai import OpenAI

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model")
flags = parser.parse_args()

client = OpenAI()


def upload(name):
    with open(name, "rb") as f:
        return client.files.create(file=f, purpose="fine-tune").id


job = client.fine_tuning.jobs.create(
    model=flags.model,
    training_file=upload("train.jsonl"),
    validation_file=upload("dev.jsonl"),
    method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
)
print(job.id)
