// The table of a language model's words, which a tied head reads, too.
#pragma once

#include <optional>

#include "omma/nn/block_weight.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

// torch::nn::Embedding whose table may stay in a GGUF file's blocks. V words of C channels.
class WordEmbeddingImpl : public torch::nn::EmbeddingImpl {
 public:
  WordEmbeddingImpl(int64_t words, int64_t channels) : torch::nn::EmbeddingImpl(words, channels) {}

  Tensor forward(const Tensor& ids);          // int64 [...] -> [..., C]
  Tensor logits(const Tensor& states) const;  // [..., C] -> [..., V], of a head that shares the table

  // Its table is these from now on, of the sizes that it has; `weight` is undefined then, and no parameter. Rows are given in
  // `dtype`. Throws std::invalid_argument.
  void set_blocks(const BlockWeight& blocks, torch::Dtype dtype);

 private:
  std::optional<BlockWeight> blocks_;
  torch::Dtype dtype_ = torch::kFloat32;
};
TORCH_MODULE(WordEmbedding);

}  // namespace omma
