// The OPT decoder (Zhang et al. 2022, "OPT: Open Pre-trained Transformer Language Models", arXiv:2205.01068). Reference:
// transformers' OPTForCausalLM, whose config fields and key names these are. Learned positions; pre-norm but for opt-350m, which
// is post-norm and has narrower word embeddings.
//
// B rows, T tokens of this pass, S tokens in all, C channels, E of the word embeddings, V words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/language_network.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct OptConfig {
  int64_t vocab_size = 50272;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t ffn_dim = 3072;
  int64_t num_attention_heads = 12;
  int64_t max_position_embeddings = 2048;
  std::optional<int64_t> word_embed_proj_dim;  // E; default: hidden_size
  std::string activation_function = "relu";
  bool do_layer_norm_before = true;
  bool remove_final_layer_norm = false;  // of checkpoints fine-tuned with transformers before 4.20
  bool enable_bias = true;
  bool layer_norm_elementwise_affine = true;
  bool tie_word_embeddings = true;
  double dropout = 0.1;
  double attention_dropout = 0;
  double init_std = 0.02;

  int64_t embedding_channels() const { return word_embed_proj_dim.value_or(hidden_size); }

  template <class Fields>
  void fields(Fields& field) {
    field("vocab_size", vocab_size, Range{1, 1 << 24});
    field("hidden_size", hidden_size, Range{1, 1 << 16});
    field("num_hidden_layers", num_hidden_layers, Range{1, 1024});
    field("ffn_dim", ffn_dim, Range{1, 1 << 20});
    field("num_attention_heads", num_attention_heads, Range{1, 1024});
    field("max_position_embeddings", max_position_embeddings, Range{1, 1 << 24});
    field("word_embed_proj_dim", word_embed_proj_dim, Range{1, 1 << 16});
    field("activation_function", activation_function);
    field("do_layer_norm_before", do_layer_norm_before);
    field("_remove_final_layer_norm", remove_final_layer_norm);
    field("enable_bias", enable_bias);
    field("layer_norm_elementwise_affine", layer_norm_elementwise_affine);
    field("tie_word_embeddings", tie_word_embeddings);
    field("dropout", dropout, Range{0, 0.99});
    field("attention_dropout", attention_dropout, Range{0, 0.99});
    field("init_std", init_std, Range{0, 1});
  }
  void validate(Faults& faults) const;
};

class OptLayerImpl : public torch::nn::Module {
 public:
  OptLayerImpl(const OptConfig& config, int64_t layer);
  Tensor forward(const Tensor& x, const Tensor& mask, KeyValueCache* cache);  // [B, T, C]; `mask` [B, 1, T, S] of CausalPlaces

 private:
  Tensor attend(const Tensor& x, const Tensor& mask, KeyValueCache* cache);

  OptConfig config_;
  int64_t layer_;
  Activation activation_;
  Linear query_ = nullptr, key_ = nullptr, value_ = nullptr, output_ = nullptr, fc1_ = nullptr, fc2_ = nullptr;
  torch::nn::LayerNorm attention_norm_ = nullptr, final_norm_ = nullptr;
};
TORCH_MODULE(OptLayer);

// Not thread-safe with a cache; without one, const in effect.
class OptForCausalLMImpl : public torch::nn::Module, public CausalNetwork {
 public:
  explicit OptForCausalLMImpl(const OptConfig& config);

  int64_t words() const override { return config_.vocab_size; }
  int64_t channels() const override { return config_.embedding_channels(); }
  std::optional<int64_t> context() const override { return config_.max_position_embeddings; }
  Tensor embed_ids(const Tensor& ids) override { return embed_tokens_(ids); }
  Tensor states(const CausalInput& input) override;  // [B, T, E]
  Tensor logits(const Tensor& states) override;      // [..., E] -> [..., V]
  KeyValueCache make_cache(int64_t batch, int64_t capacity) override;

  const OptConfig& config() const { return config_; }

 private:
  OptConfig config_;
  torch::nn::Embedding embed_tokens_ = nullptr, embed_positions_ = nullptr;
  Linear project_in_ = nullptr, project_out_ = nullptr;  // where E is not C
  std::vector<OptLayer> layers_;
  torch::nn::LayerNorm final_norm_ = nullptr;  // where there is one
  Linear lm_head_ = nullptr;  // shares the embedding's weight with tie_word_embeddings, and has no key of its own then
};
TORCH_MODULE(OptForCausalLM);

}  // namespace omma
