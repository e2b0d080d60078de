// The two kinds of attention Grounding DINO uses everywhere, under its checkpoint's names.
//
// B batch, Q queries, K keys, S positions of all levels, C channels, N heads, L levels, P points.
#pragma once

#include "omma/models/grounding_dino/neck.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma::grounding_dino {

class MultiheadAttentionImpl : public torch::nn::Module {
 public:
  struct Options {
    int64_t channels;
    int64_t heads;
    double dropout = 0;
  };
  explicit MultiheadAttentionImpl(const Options& options);

  // queries [B, Q, C], keys and values [B, K, C], mask broadcastable to [B, N, Q, K] bool (true = may attend) -> [B, Q, C].
  Tensor forward(const Tensor& queries, const Tensor& keys, const Tensor& values, const Tensor& mask);

 private:
  int64_t heads_;
  double dropout_;
  Linear query_, key_, value_, out_proj_;
};
TORCH_MODULE(MultiheadAttention);

class DeformableAttentionImpl : public torch::nn::Module {
 public:
  struct Options {
    int64_t channels;
    int64_t heads;
    int64_t levels;
    int64_t points;
  };
  explicit DeformableAttentionImpl(const Options& options);

  // queries [B, Q, C] (with their position); references [B, Q, L, 2] or [B, Q, L, 4] float32, points or boxes in 0..1 of each
  // padded map; reads vision.features -> [B, Q, C].
  Tensor forward(const Tensor& queries, const Tensor& references, const VisionFeatures& vision);

  // Offsets that start as a star of directions, one a head, longer with each point; uniform weights.
  void init_weights();

 private:
  Options options_;
  Linear sampling_offsets_, attention_weights_, value_proj_, output_proj_;
};
TORCH_MODULE(DeformableAttention);

// Where points at `offsets` [B, Q, N, L, P, 2] from `references` lie: cells of the level from a point [B, Q, L, 2], or P-ths of
// half the side from the centre of a box [B, Q, L, 4]. Both float32, in 0..1.
Tensor sampling_locations(const Tensor& references, const Tensor& offsets, const LevelShapes& levels);

}  // namespace omma::grounding_dino
