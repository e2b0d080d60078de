#include "omma/nn/bert.h"

#include <fmt/format.h>

#include "omma/nn/attention.h"
#include "omma/nn/layers.h"

namespace omma {

void BertConfig::validate(Faults& faults) const {
  faults.expect(model_type == "bert", "text_config.model_type: expected \"bert\", got \"{}\"", model_type);
  faults.expect(hidden_size % num_attention_heads == 0, "text_config.hidden_size: expected a multiple of {} heads, got {}",
                num_attention_heads, hidden_size);
  faults.expect(is_activation(hidden_act), "text_config.hidden_act: unknown activation \"{}\"", hidden_act);
  faults.expect(!pad_token_id || *pad_token_id < vocab_size, "text_config.pad_token_id: expected less than vocab_size {}, got {}",
                vocab_size, pad_token_id.value_or(0));
}

// Post-normalised self-attention and feed-forward.
class BertLayerImpl : public torch::nn::Module {
 public:
  explicit BertLayerImpl(const BertConfig& config);
  Tensor forward(const Tensor& x, const Tensor& mask);  // [B, T, C], [B, 1, T, T] bool

 private:
  int64_t heads_;
  double dropout_, attention_dropout_;
  Activation activation_;
  Linear query_, key_, value_, attention_output_;
  torch::nn::LayerNorm attention_norm_;
  Linear intermediate_, output_;
  torch::nn::LayerNorm output_norm_;
};

BertLayerImpl::BertLayerImpl(const BertConfig& config)
    : heads_(config.num_attention_heads),
      dropout_(config.hidden_dropout_prob),
      attention_dropout_(config.attention_probs_dropout_prob),
      activation_(activation_by_name(config.hidden_act)),
      query_(register_at(*this, "attention.self.query", Linear(config.hidden_size, config.hidden_size))),
      key_(register_at(*this, "attention.self.key", Linear(config.hidden_size, config.hidden_size))),
      value_(register_at(*this, "attention.self.value", Linear(config.hidden_size, config.hidden_size))),
      attention_output_(register_at(*this, "attention.output.dense", Linear(config.hidden_size, config.hidden_size))),
      attention_norm_(register_at(*this, "attention.output.LayerNorm", layer_norm(config.hidden_size, config.layer_norm_eps))),
      intermediate_(register_at(*this, "intermediate.dense", Linear(config.hidden_size, config.intermediate_size))),
      output_(register_at(*this, "output.dense", Linear(config.intermediate_size, config.hidden_size))),
      output_norm_(register_at(*this, "output.LayerNorm", layer_norm(config.hidden_size, config.layer_norm_eps))) {}

Tensor BertLayerImpl::forward(const Tensor& x, const Tensor& mask) {
  const Tensor context = merge_heads(attention(split_heads(query_(x), heads_), split_heads(key_(x), heads_),
                                               split_heads(value_(x), heads_), mask, is_training() ? attention_dropout_ : 0));
  const Tensor attended = attention_norm_(torch::dropout(attention_output_(context), dropout_, is_training()) + x);
  const Tensor update = feed_forward(attended, intermediate_, output_, activation_, {.outer = dropout_, .training = is_training()});
  return output_norm_(update + attended);
}

BertEncoderImpl::BertEncoderImpl(const BertConfig& config) : dropout_(config.hidden_dropout_prob) {
  const int64_t channels = config.hidden_size;
  auto words = torch::nn::EmbeddingOptions(config.vocab_size, channels);
  if (config.pad_token_id) words.padding_idx(*config.pad_token_id);
  word_embeddings_ = register_at(*this, "embeddings.word_embeddings", torch::nn::Embedding(words));
  position_embeddings_ =
      register_at(*this, "embeddings.position_embeddings", torch::nn::Embedding(config.max_position_embeddings, channels));
  token_type_embeddings_ =
      register_at(*this, "embeddings.token_type_embeddings", torch::nn::Embedding(config.type_vocab_size, channels));
  norm_ = register_at(*this, "embeddings.LayerNorm", layer_norm(channels, config.layer_norm_eps));
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(register_at(*this, fmt::format("encoder.layer.{}", i), std::make_shared<BertLayerImpl>(config)));
}

Tensor BertEncoderImpl::forward(const Input& input) {
  Tensor x = word_embeddings_(input.input_ids) + token_type_embeddings_->weight[0] + position_embeddings_(input.position_ids);
  x = torch::dropout(norm_(x), dropout_, is_training());
  const Tensor mask = input.attention_mask.unsqueeze(1);  // [B, 1, T, T]
  for (const auto& layer : layers_) x = layer->forward(x, mask);
  return x;
}

}  // namespace omma
