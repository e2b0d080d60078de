// What a LLaMA has read, kept for the next prompt that begins alike: the turns of a conversation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "omma/nn/generation.h"
#include "omma/nn/kv_cache.h"
#include "omma/nn/llama.h"
#include "omma/nn/torch.h"

namespace omma {

struct RememberedPrompt {
  // What stands in each place: a word's id, or whatever tells a picture's token from all others.
  std::vector<int64_t> keys;
  // [1, T - first, C] of the places from `first` on.
  std::function<torch::Tensor(int64_t first)> embeddings;
};

// Not thread-safe.
class PromptMemory {
 public:
  explicit PromptMemory(LlamaForCausalLM model) : model_(std::move(model)) {}

  // How many of the places are in memory already: all that are alike from the start on, but the last.
  int64_t known(const std::vector<int64_t>& keys) const;

  // A decoder of one row that goes on behind what is known; what it reads and writes is remembered. At most one at a time, no
  // longer than the memory, and for searches of one hypothesis. Room for `max_tokens` new ones.
  class Decoder;
  Decoder read(const RememberedPrompt& prompt, int64_t max_tokens, const Deadline& deadline);

  void clear();

 private:
  LlamaForCausalLM model_;
  std::optional<KeyValueCache> cache_;
  std::vector<int64_t> keys_;  // of what the cache holds
};

class PromptMemory::Decoder : public AutoregressiveDecoder {
 public:
  torch::Tensor start() override;                            // [1, V]
  torch::Tensor step(const torch::Tensor& tokens) override;  // [1] -> [1, V]
  void reorder(const torch::Tensor& rows) override;          // one row, itself

 private:
  friend class PromptMemory;
  Decoder(PromptMemory& memory, const RememberedPrompt& prompt, int64_t first, const Deadline& deadline);
  torch::Tensor read(const torch::Tensor& embeddings, const std::vector<int64_t>& keys);

  PromptMemory& memory_;
  std::vector<int64_t> keys_;  // still to be read
  torch::Tensor embeddings_;   // likewise
  Deadline deadline_;
};

}  // namespace omma
