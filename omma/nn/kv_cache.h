// Keys and values of the tokens a decoder has seen.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "omma/nn/torch.h"

namespace omma {

struct KeyValueShape {
  int64_t layers = 0;
  int64_t batch = 1;
  int64_t heads = 0;     // of keys and values
  int64_t capacity = 0;  // tokens
  int64_t head_dim = 0;
};

// Memory for `capacity` tokens is taken once; nothing is copied while tokens are added. Not thread-safe.
class KeyValueCache {
 public:
  KeyValueCache(const KeyValueShape& shape, const torch::TensorOptions& options);

  // Stores `keys` and `values`, each [B, H, T, D], of one layer after the tokens already there, and returns all of that layer,
  // [B, H, length() + T, D], as views. Throws std::invalid_argument beyond the capacity.
  std::pair<torch::Tensor, torch::Tensor> append(int64_t layer, const torch::Tensor& keys, const torch::Tensor& values);

  // Ends a pass of `tokens` tokens through all layers.
  void advance(int64_t tokens) { length_ += tokens; }

  // Row i becomes a copy of row `rows[i]` (int64 [B'], any B'): how beam search keeps its hypotheses' past.
  void reorder(const torch::Tensor& rows);

  // Forgets the tokens behind the first `length`.
  void truncate(int64_t length) { length_ = std::min(length_, length); }

  // Makes room for `capacity` tokens in all, at the price of a copy.
  void grow(int64_t capacity);

  int64_t length() const { return length_; }  // tokens of every row
  int64_t batch() const { return shape_.batch; }
  int64_t capacity() const { return shape_.capacity; }

 private:
  KeyValueShape shape_;
  int64_t length_ = 0;
  std::vector<torch::Tensor> keys_;    // a layer: [B, H, capacity, D]
  std::vector<torch::Tensor> values_;  // likewise
};

}  // namespace omma
