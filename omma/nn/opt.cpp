#include "omma/nn/opt.h"

#include <fmt/format.h>

#include "omma/base/error.h"
#include "omma/nn/attention.h"
#include "omma/nn/causal_attention.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

constexpr int64_t first_position = 2;  // fairseq's table of positions begins with two that are never used

torch::nn::LayerNorm opt_norm(const OptConfig& config) {
  return torch::nn::LayerNorm(
      torch::nn::LayerNormOptions({config.hidden_size}).elementwise_affine(config.layer_norm_elementwise_affine));
}

Linear opt_linear(int64_t in, int64_t out, bool bias) { return Linear(torch::nn::LinearOptions(in, out).bias(bias)); }

}  // namespace

void OptConfig::validate(Faults& faults) const {
  faults.expect(hidden_size % num_attention_heads == 0, "hidden_size: expected a multiple of num_attention_heads {}, got {}",
                num_attention_heads, hidden_size);
  faults.expect(is_activation(activation_function), "activation_function: unknown activation \"{}\"", activation_function);
}

OptLayerImpl::OptLayerImpl(const OptConfig& config, int64_t layer)
    : config_(config), layer_(layer), activation_(activation_by_name(config.activation_function)) {
  const int64_t channels = config.hidden_size;
  const auto projection = [&](const char* name) {
    return register_at(*this, name, opt_linear(channels, channels, config.enable_bias));
  };
  key_ = projection("self_attn.k_proj");
  value_ = projection("self_attn.v_proj");
  query_ = projection("self_attn.q_proj");
  output_ = projection("self_attn.out_proj");
  attention_norm_ = register_module("self_attn_layer_norm", opt_norm(config));
  fc1_ = register_module("fc1", opt_linear(channels, config.ffn_dim, config.enable_bias));
  fc2_ = register_module("fc2", opt_linear(config.ffn_dim, channels, config.enable_bias));
  final_norm_ = register_module("final_layer_norm", opt_norm(config));
}

Tensor OptLayerImpl::attend(const Tensor& x, const Tensor& mask, KeyValueCache* cache) {
  const int64_t heads = config_.num_attention_heads;
  const Tensor query = split_heads(query_(x), heads);
  Tensor key = split_heads(key_(x), heads), value = split_heads(value_(x), heads);
  if (cache != nullptr) std::tie(key, value) = cache->append(layer_, key, value);
  return output_(merge_heads(causal_attention(query, key, value, mask)));
}

Tensor OptLayerImpl::forward(const Tensor& x, const Tensor& mask, KeyValueCache* cache) {
  const bool before = config_.do_layer_norm_before;
  const auto dropout = [&](const Tensor& states) { return torch::dropout(states, config_.dropout, is_training()); };
  Tensor states = x + dropout(attend(before ? attention_norm_(x) : x, mask, cache));
  if (!before) states = attention_norm_(states);
  states = states + dropout(feed_forward(before ? final_norm_(states) : states, fc1_, fc2_, activation_));
  return before ? states : final_norm_(states);
}

OptForCausalLMImpl::OptForCausalLMImpl(const OptConfig& config) : config_(config) {
  const int64_t channels = config.hidden_size, narrow = config.embedding_channels();
  const auto at = [&](const std::string& name, auto module) {
    return register_at(*this, "model.decoder." + name, std::move(module));
  };
  embed_tokens_ = at("embed_tokens", torch::nn::Embedding(config.vocab_size, narrow));
  embed_positions_ = at("embed_positions", torch::nn::Embedding(config.max_position_embeddings + first_position, channels));
  if (narrow != channels) {
    project_in_ = at("project_in", opt_linear(narrow, channels, false));
    project_out_ = at("project_out", opt_linear(channels, narrow, false));
  }
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
    layers_.push_back(at(fmt::format("layers.{}", layer), OptLayer(config, layer)));
  if (config.do_layer_norm_before && !config.remove_final_layer_norm) final_norm_ = at("final_layer_norm", opt_norm(config));
  if (!config.tie_word_embeddings) lm_head_ = register_module("lm_head", opt_linear(narrow, config.vocab_size, false));
}

Tensor OptForCausalLMImpl::states(const CausalInput& input) {
  const int64_t past = input.cache != nullptr ? input.cache->length() : 0, tokens = input.embeddings.size(1);
  const CausalPlaces places = causal_places(past, tokens, input.padding, input.embeddings.device());
  check(past + tokens <= config_.max_position_embeddings, "opt: expected at most {} tokens, got {}",
        config_.max_position_embeddings, past + tokens);
  Tensor x = project_in_ ? project_in_(input.embeddings) : input.embeddings;
  x = x + embed_positions_(places.positions + first_position);
  for (OptLayer& layer : layers_) x = layer(x, places.mask, input.cache);
  if (input.cache != nullptr) input.cache->advance(tokens);
  if (final_norm_) x = final_norm_(x);
  return project_out_ ? project_out_(x) : x;
}

Tensor OptForCausalLMImpl::logits(const Tensor& states) {
  return lm_head_ ? lm_head_(states) : omma::linear(states, embed_tokens_->weight);
}

KeyValueCache OptForCausalLMImpl::make_cache(int64_t batch, int64_t capacity) {
  return KeyValueCache({.layers = config_.num_hidden_layers,
                        .batch = batch,
                        .heads = config_.num_attention_heads,
                        .capacity = capacity,
                        .head_dim = config_.hidden_size / config_.num_attention_heads},
                       embed_tokens_->weight.options().requires_grad(false));
}

}  // namespace omma
