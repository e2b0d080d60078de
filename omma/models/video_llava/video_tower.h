// LanguageBind's video encoder (Zhu et al. 2023, "LanguageBind: Extending Video-Language Pretraining to N-modality by
// Language-based Semantic Alignment", arXiv:2310.01852): CLIP's image encoder, and before each of its blocks every place of the
// picture looks at itself in the clip's other frames. After PKU-YuanGroup/Video-LLaVA, languagebind/video/modeling_video.py
// (984e65b), whose names the weights have.
//
// B clips of T frames, S tokens a frame, C channels.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/nn/clip_vision.h"

namespace omma {

// x' = x + moment(t); x' + out_proj(attention over T (temporal_layer_norm1(x'))).
class TemporalAttentionImpl : public torch::nn::Module {
 public:
  // Registers its weights in `block`, of a tower as `config` has it.
  TemporalAttentionImpl(torch::nn::Module& block, const ClipVisionConfig& config, int64_t frames);

  Tensor forward(const Tensor& x);  // [B T, S, C] -> [B T, S, C]

  void init_weights(int64_t layers);

 private:
  int64_t frames_, heads_;
  Tensor temporal_embedding_;  // [1, T, C]; not of single frames
  torch::nn::LayerNorm norm_ = nullptr;
  Linear q_proj_ = nullptr, k_proj_ = nullptr, v_proj_ = nullptr, out_proj_ = nullptr;
};
TORCH_MODULE(TemporalAttention);

class VideoTowerImpl : public ClipVisionModelImpl {
 public:
  VideoTowerImpl(const ClipVisionConfig& config, int64_t frames);

  void init_weights() override;

 private:
  Tensor before_block(std::size_t i, const Tensor& x) override { return moments_[i]->forward(x); }

  std::vector<TemporalAttention> moments_;
};

}  // namespace omma
