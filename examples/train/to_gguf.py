"""Writes a student as a GGUF file for llama.cpp and Ollama.

STUDENT is a Hugging Face folder of the LLaMA architecture with a byte-level BPE. Whether
the server adds BOS is read from what the tokenizer does, not from tokenizer_config.json:
transformers 5 drops add_bos_token when it saves a tokenizer, and the same weights score
less without BOS.
"""

import argparse
import json
import pathlib

import gguf
import numpy
import safetensors.numpy
import transformers

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def tensor_name(name):
    stem = name.removesuffix(".weight")
    if stem.startswith("model.layers."):
        _, _, layer, part = stem.split(".", 3)
        return f"blk.{layer}.{NAMES[part]}.weight"
    return NAMES[stem] + ".weight"


def rotated(weights, heads):
    """The rows of each head as llama.cpp rotates them: the halves of a head interleaved."""
    rows, columns = weights.shape
    return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_model(writer, config):
    rope = getattr(config, "rope_parameters", None) or {}
    if config.model_type != "llama" or rope.get("rope_type", "default") != "default":
        sys.exit(f"to_gguf: {config.model_type} with RoPE {rope}: want the LLaMA architecture with plain RoPE")
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(rope.get("rope_theta") or config.rope_theta)
    writer.add_rope_dimension_count(width)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_vocab_size(config.vocab_size)


def write_tokenizer(writer, student, tokenizer):
    file = json.loads((student / "tokenizer.json").read_text(encoding="utf-8"))
    model, before = file["model"], file["pre_tokenizer"]
    if model["type"] != "BPE" or before["type"] != "ByteLevel" or not before["use_regex"]:
        sys.exit(f"to_gguf: {student}: want a byte-level BPE with the word rule of GPT-2")
    tokens = {number: token for token, number in model["vocab"].items()}
    kinds = dict.fromkeys(tokens, gguf.TokenType.NORMAL)
    for token in file["added_tokens"]:
        tokens[token["id"]] = token["content"]
        kinds[token["id"]] = gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED
    order = range(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([tokens[i] for i in order])
    writer.add_token_types([kinds[i] for i in order])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in model["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id)
    writer.add_add_eos_token(tokenizer("a")["input_ids"][-1] == tokenizer.eos_token_id)
    writer.add_chat_template(tokenizer.chat_template)


def write_tensors(writer, student, config):
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for file in sorted(student.glob("*.safetensors")):
        for name, weights in sorted(safetensors.numpy.load_file(file).items()):
            if name == "lm_head.weight" and config.tie_word_embeddings:
                continue
            part = name.split(".")[-2]
            if part in heads:
                weights = rotated(weights, heads[part])
            kind = numpy.float32 if weights.ndim == 1 else numpy.float16
            writer.add_tensor(tensor_name(name), weights.astype(kind))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("student", type=pathlib.Path)
    parser.add_argument("file")
    flags = parser.parse_args()
    student, file = flags.student, flags.file
    config = transformers.AutoConfig.from_pretrained(student)
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_name(student.name)
    write_model(writer, config)
    write_tokenizer(writer, student, transformers.AutoTokenizer.from_pretrained(student))
    write_tensors(writer, student, config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
