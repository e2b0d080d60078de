#include "omma/nn/word_embedding.h"

#include "omma/base/error.h"
#include "omma/nn/linear.h"

namespace omma {

Tensor WordEmbeddingImpl::forward(const Tensor& ids) {
  return blocks_ ? embed(ids, *blocks_, dtype_) : torch::nn::EmbeddingImpl::forward(ids);
}

Tensor WordEmbeddingImpl::logits(const Tensor& states) const {
  return blocks_ ? omma::linear(states, *blocks_) : omma::linear(states, weight);
}

void WordEmbeddingImpl::set_blocks(const BlockWeight& blocks, torch::Dtype dtype) {
  check(blocks.in == options.embedding_dim() && blocks.out() == options.num_embeddings(),
        "word embedding: expected a table of [{}, {}], got blocks of [{}, {}]", options.num_embeddings(), options.embedding_dim(),
        blocks.out(), blocks.in);
  parameters_.erase("weight");
  weight = Tensor();
  blocks_ = blocks;
  dtype_ = dtype;
}

}  // namespace omma
