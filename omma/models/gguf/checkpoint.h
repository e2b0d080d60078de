// GGUF files, the quantised models of llama.cpp and ollama, as language models.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "omma/base/json.h"
#include "omma/io/gguf.h"
#include "omma/models/language/predictor.h"
#include "omma/nn/chat_generation.h"
#include "omma/nn/llama.h"
#include "omma/text/chat_template.h"
#include "omma/text/gguf_tokenizer.h"

namespace omma {

// The file that a path names: itself, or the one of a directory without a config.json (of splits any). nullopt for what is neither;
// std::invalid_argument for a directory of several models.
std::optional<std::filesystem::path> find_gguf(const std::filesystem::path& path);

struct GgufCheckpoint {
  std::string where;  // the file: begins errors
  GgufFile file;
  LlamaConfig config;
  GgufVocabulary vocabulary;
};

// Throws std::invalid_argument that names the file and the key or tensor.
GgufCheckpoint open_gguf(const std::filesystem::path& file);

struct GgufOptions {
  torch::Device device = torch::kCPU;
  // On a CPU bfloat16, else float16, unless it is told. The type of all that is not in blocks, and of what the layers pass on; see
  // BlockWeight for what it means to those.
  std::optional<torch::Dtype> dtype;
  bool is_dense =
      false;  // blocks become numbers of that type, too: for training, and where the device is no CPU or the type is float16
};

// The network, with the file's blocks as its weights: up to a quarter of available_memory() copied into huge pages, beyond that the
// file's mapping. Throws std::invalid_argument for tensors that are missing, left over or misshapen.
LlamaForCausalLM load_gguf(const GgufCheckpoint& checkpoint, const GgufOptions& options = {});

// The same with its tokenizer, and for conversations. `chat_template` as find_chat_template() takes it; "": the file's own, which
// it must have.
LanguageCheckpoint load_gguf_language(const std::filesystem::path& file, const LanguageOptions& options = {});
ChatGeneration load_gguf_chat(const std::filesystem::path& file, const LanguageOptions& options, const std::string& chat_template);

// Writes into an existing directory a LlamaForCausalLM that transformers loads, its weights float32, from a billion of them on
// bfloat16.
void convert_gguf(const std::filesystem::path& file, const std::filesystem::path& to);

}  // namespace omma
