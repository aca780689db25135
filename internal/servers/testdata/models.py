"""models.py DIR: tiny models with random weights for the programs of examples/adapters. Nothing is downloaded."""
import os, sys

import torch
from transformers import BertConfig, BertForTokenClassification, BertModel, BertTokenizerFast

os.chdir(sys.argv[1])
letters = [chr(c) for c in range(33, 127)]
with open("vocab.txt", "w") as f:
    f.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + ["##" + c for c in letters]))


def encoder(folder, positions, **more):
    """Saves a tokenizer, and returns the configuration of an encoder that reads so many pieces."""
    tokenizer = BertTokenizerFast("vocab.txt", do_lower_case=False, model_max_length=positions)
    tokenizer.save_pretrained(folder)
    return BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                      intermediate_size=64, max_position_embeddings=positions, initializer_range=0.5, **more)


torch.manual_seed(1)
tags = dict(enumerate(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]))
config = encoder("transformers", 64, id2label=tags, label2id={tag: i for i, tag in tags.items()})
BertForTokenClassification(config).save_pretrained("transformers")

from gliner import GLiNER

encoder("encoder", 512).save_pretrained("encoder")
GLiNER.from_config({"model_name": "encoder", "hidden_size": 32, "max_len": 24, "max_width": 4, "span_mode": "markerV0"},
                   backbone_from_pretrained=False).save_pretrained("gliner")

from flair.data import Dictionary
from flair.embeddings import TransformerWordEmbeddings
from flair.models import SequenceTagger

BertModel(encoder("embeddings", 64)).save_pretrained("embeddings")
labels = Dictionary(add_unk=False)
labels.span_labels = True
for label in ["PER", "LOC"]:
    labels.add_item(label)
SequenceTagger(TransformerWordEmbeddings("embeddings", allow_long_sentences=True), labels, "ner",
               hidden_size=16, use_crf=False).save("flair")
