// The Swin Transformer as a backbone (Liu et al. 2021, "Swin Transformer"). Weights under the names of transformers' SwinBackbone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct SwinConfig {
  std::string model_type = "swin";
  int64_t image_size = 224;  // kept for other programs; any picture size runs
  int64_t patch_size = 4;
  int64_t num_channels = 3;
  int64_t embed_dim = 96;
  std::vector<int64_t> depths = {2, 2, 6, 2};
  std::vector<int64_t> num_heads = {3, 6, 12, 24};
  int64_t window_size = 7;
  double mlp_ratio = 4;
  bool qkv_bias = true;
  double hidden_dropout_prob = 0;
  double attention_probs_dropout_prob = 0;
  double drop_path_rate = 0.1;
  std::string hidden_act = "gelu";
  bool use_absolute_embeddings = false;
  double layer_norm_eps = 1e-5;
  std::vector<int64_t> out_indices = {2, 3, 4};  // stages whose maps are given out, from 1

  int64_t stages() const { return static_cast<int64_t>(depths.size()); }
  int64_t channels(int64_t stage) const { return embed_dim << (stage - 1); }  // of stage 1, 2, ...

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    field("image_size", image_size, Range{1, 65536});
    field("patch_size", patch_size, Range{1, 256});
    field("num_channels", num_channels, Range{3, 3});
    field("embed_dim", embed_dim, Range{1, 4096});
    field("depths", depths, Range{1, 64});
    field("num_heads", num_heads, Range{1, 256});
    field("window_size", window_size, Range{1, 64});
    field("mlp_ratio", mlp_ratio, Range{0.01, 64});
    field("qkv_bias", qkv_bias);
    field("hidden_dropout_prob", hidden_dropout_prob, Range{0, 0.99});
    field("attention_probs_dropout_prob", attention_probs_dropout_prob, Range{0, 0.99});
    field("drop_path_rate", drop_path_rate, Range{0, 0.99});
    field("hidden_act", hidden_act);
    field("use_absolute_embeddings", use_absolute_embeddings);
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("out_indices", out_indices, Range{1, 8});
  }
  void validate(Faults& faults) const;
};

class SwinStageImpl;

// One picture in, one map per stage of `out_indices`, each normalised. Not thread-safe: it caches masks of shifted windows.
class SwinBackboneImpl : public torch::nn::Module {
 public:
  explicit SwinBackboneImpl(const SwinConfig& config);

  // [B, 3, H, W] -> maps [B, channels(stage), H / (patch 2^(stage-1)), W / ...], sizes rounded up.
  std::vector<Tensor> forward(const Tensor& pixels);

 private:
  std::vector<int64_t> out_indices_;
  int64_t patch_size_;
  torch::nn::Conv2d projection_ = nullptr;
  torch::nn::LayerNorm norm_ = nullptr;
  double dropout_;
  std::vector<std::shared_ptr<SwinStageImpl>> stages_;
  std::vector<torch::nn::LayerNorm> stage_norms_;  // of each stage in out_indices
};
TORCH_MODULE(SwinBackbone);

}  // namespace omma
