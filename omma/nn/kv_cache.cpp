#include "omma/nn/kv_cache.h"

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;

KeyValueCache::KeyValueCache(const KeyValueShape& shape, const torch::TensorOptions& options) : shape_(shape) {
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    keys_.push_back(torch::empty({shape.batch, shape.heads, shape.capacity, shape.head_dim}, options));
    values_.push_back(torch::empty_like(keys_.back()));
  }
}

std::pair<Tensor, Tensor> KeyValueCache::append(int64_t layer, const Tensor& keys, const Tensor& values) {
  const int64_t tokens = keys.size(2);
  check(keys.size(0) == shape_.batch, "key-value cache: expected {} rows, got {}", shape_.batch, keys.size(0));
  check(length_ + tokens <= shape_.capacity, "key-value cache: expected at most {} tokens, got {}", shape_.capacity,
        length_ + tokens);
  auto& all_keys = keys_[static_cast<size_t>(layer)];
  auto& all_values = values_[static_cast<size_t>(layer)];
  all_keys.narrow(2, length_, tokens).copy_(keys);
  all_values.narrow(2, length_, tokens).copy_(values);
  return {all_keys.narrow(2, 0, length_ + tokens), all_values.narrow(2, 0, length_ + tokens)};
}

void KeyValueCache::grow(int64_t capacity) {
  if (capacity <= shape_.capacity) return;
  shape_.capacity = capacity;
  for (auto* all : {&keys_, &values_}) {
    for (Tensor& each : *all) {
      Tensor larger = torch::empty({shape_.batch, shape_.heads, capacity, shape_.head_dim}, each.options());
      larger.narrow(2, 0, length_).copy_(each.narrow(2, 0, length_));
      each = larger;
    }
  }
}

void KeyValueCache::reorder(const Tensor& rows) {
  shape_.batch = rows.size(0);
  const auto pick = [&](Tensor& all) {
    Tensor picked = torch::empty({shape_.batch, shape_.heads, shape_.capacity, shape_.head_dim}, all.options());
    picked.narrow(2, 0, length_).copy_(all.narrow(2, 0, length_).index_select(0, rows));
    all = picked;
  };
  for (Tensor& keys : keys_) pick(keys);
  for (Tensor& values : values_) pick(values);
}

}  // namespace omma
