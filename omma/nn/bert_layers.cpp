#include "omma/nn/bert_layers.h"

namespace omma {

BertAttention::BertAttention(torch::nn::Module& layer, const std::string& name, const BertLayerOptions& options)
    : options_(options),
      query_(options.channels, options.channels),
      key_(options.source_channels, options.channels),
      value_(options.source_channels, options.channels),
      output_(options.channels, options.channels),
      norm_(layer_norm(options.channels, options.norm_eps)) {
  register_in(layer, name);
}

BertAttention::BertAttention(torch::nn::Module& layer, const std::string& name, const BertAttention& tied) : BertAttention(tied) {
  register_in(layer, name);
}

void BertAttention::register_in(torch::nn::Module& layer, const std::string& name) const {
  const std::string projections = name + "." + options_.projections;
  register_at(layer, projections + ".query", query_);
  register_at(layer, projections + ".key", key_);
  register_at(layer, projections + ".value", value_);
  register_at(layer, name + ".output.dense", output_);
  register_at(layer, name + ".output.LayerNorm", norm_);
}

KeysValues BertAttention::project(const Tensor& source) const {
  return {.keys = split_heads(key_(source), options_.heads), .values = split_heads(value_(source), options_.heads)};
}

Tensor BertAttention::forward(const Tensor& x, const KeysValues& source, const Tensor& mask, bool training) const {
  const double dropout = training ? options_.attention_dropout : 0;
  const Tensor context = attention(split_heads(query_(x), options_.heads), source, mask, dropout);  // [B, N, T, D]
  return norm_(x + torch::dropout(output_(merge_heads(context)), options_.dropout, training));
}

BertFeedForward::BertFeedForward(torch::nn::Module& layer, const BertLayerOptions& options, const std::string& suffix)
    : options_(options),
      intermediate_(options.channels, options.intermediate),
      output_(options.intermediate, options.channels),
      norm_(layer_norm(options.channels, options.norm_eps)) {
  register_in(layer, suffix);
}

BertFeedForward::BertFeedForward(torch::nn::Module& layer, const BertFeedForward& tied) : BertFeedForward(tied) {
  register_in(layer);
}

void BertFeedForward::register_in(torch::nn::Module& layer, const std::string& suffix) const {
  register_at(layer, "intermediate" + suffix + ".dense", intermediate_);
  register_at(layer, "output" + suffix + ".dense", output_);
  register_at(layer, "output" + suffix + ".LayerNorm", norm_);
}

Tensor BertFeedForward::forward(const Tensor& x, bool training) const {
  const FeedForwardDropout dropout{.outer = options_.dropout, .training = training};
  return norm_(x + feed_forward(x, intermediate_, output_, options_.activation, dropout));
}

BertLayerImpl::BertLayerImpl(const BertLayerOptions& options)
    : attention_(*this, "attention", options), feed_forward_(*this, options) {}

Tensor BertLayerImpl::forward(const Tensor& x, const Tensor& mask) {
  return feed_forward_.forward(attention_.forward(x, attention_.project(x), mask, is_training()), is_training());
}

}  // namespace omma
