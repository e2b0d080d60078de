#include "omma/nn/bert.h"

#include <fmt/format.h>

#include "omma/nn/bert_layers.h"

namespace omma {

void BertConfig::validate(Faults& faults) const {
  faults.expect(model_type == "bert", "text_config.model_type: expected \"bert\", got \"{}\"", model_type);
  faults.expect(hidden_size % num_attention_heads == 0, "text_config.hidden_size: expected a multiple of {} heads, got {}",
                num_attention_heads, hidden_size);
  faults.expect(is_activation(hidden_act), "text_config.hidden_act: unknown activation \"{}\"", hidden_act);
  faults.expect(!pad_token_id || *pad_token_id < vocab_size, "text_config.pad_token_id: expected less than vocab_size {}, got {}",
                vocab_size, pad_token_id.value_or(0));
}

namespace {

BertLayerOptions layer_options(const BertConfig& config) {
  return {.channels = config.hidden_size,
          .source_channels = config.hidden_size,
          .heads = config.num_attention_heads,
          .intermediate = config.intermediate_size,
          .activation = activation_by_name(config.hidden_act),
          .dropout = config.hidden_dropout_prob,
          .attention_dropout = config.attention_probs_dropout_prob,
          .norm_eps = config.layer_norm_eps};
}

}  // namespace

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
    layers_.push_back(register_at(*this, fmt::format("encoder.layer.{}", i), BertLayer(layer_options(config))));
}

Tensor BertEncoderImpl::forward(const Input& input) {
  Tensor x = word_embeddings_(input.input_ids) + token_type_embeddings_->weight[0] + position_embeddings_(input.position_ids);
  x = torch::dropout(norm_(x), dropout_, is_training());
  const Tensor mask = input.attention_mask.unsqueeze(1);  // [B, 1, T, T]
  for (BertLayer& layer : layers_) x = layer(x, mask);
  return x;
}

}  // namespace omma
