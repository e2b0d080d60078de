// What a GGUF file of llama.cpp says of its model: the metadata as LLaMA's config, vocabulary and generation.
#pragma once

#include <string>

#include "omma/io/gguf.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/llama.h"
#include "omma/text/gguf_tokenizer.h"

namespace omma {

// Of general.architecture "llama", which LLaMA, Vicuna, Mistral, SmolLM and TinyLlama files are. Positions are scaled as
// llama.rope.scaling.* says, or by rope_freqs.weight, where Llama 3's scaling is recognised by its values. Throws
// std::invalid_argument, beginning with `where`, for another architecture, for a mixture of experts, for heads that turn in part,
// and for what is missing.
LlamaConfig gguf_config(const GgufFile& file, const std::string& where);

GgufVocabulary gguf_vocabulary(const GgufFile& file);

// It ends a text with the file's own end tokens: of a text, a turn and a message.
GenerationConfig gguf_generation(const GgufFile& file);

}  // namespace omma
