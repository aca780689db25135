"""Trains a student with LLaMA-Factory: python train.py llamafactory.yaml

The turns in the data have the whole text of the prompts. The template adds the token
that begins a text, and nothing else; LLaMA-Factory has no such template of its own.
"""

import shutil
import sys

import yaml
from llamafactory.data.formatter import EmptyFormatter, StringFormatter
from llamafactory.data.template import register_template

register_template(
    name="uniner",
    format_user=StringFormatter(slots=["{{content}}"]),
    format_assistant=StringFormatter(slots=["{{content}}"]),
    format_prefix=EmptyFormatter(slots=[{"bos_token"}]),
)

if __name__ == "__main__":
    from llamafactory.train.tuner import run_exp

    run_exp()
    # The student's own template, for "nerbench distill check".
    with open(sys.argv[1]) as f:
        out = yaml.safe_load(f)["output_dir"]
    for setting in sys.argv[2:]:  # LLaMA-Factory reads them, too
        if setting.startswith("output_dir="):
            out = setting.removeprefix("output_dir=")
    shutil.copy("chat_template.jinja", out)
