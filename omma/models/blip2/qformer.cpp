#include "omma/models/blip2/qformer.h"

#include <fmt/format.h>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

BertLayerOptions layer_options(const QFormerConfig& config, int64_t source_channels) {
  return {.channels = config.hidden_size,
          .source_channels = source_channels,
          .heads = config.num_attention_heads,
          .intermediate = config.intermediate_size,
          .activation = activation_by_name(config.hidden_act),
          .dropout = config.hidden_dropout_prob,
          .attention_dropout = config.attention_probs_dropout_prob,
          .norm_eps = config.layer_norm_eps,
          .projections = "attention"};
}

}  // namespace

void QFormerConfig::validate(Faults& faults) const {
  faults.expect(hidden_size % num_attention_heads == 0, "hidden_size: expected a multiple of {} heads, got {}", num_attention_heads,
                hidden_size);
  faults.expect(is_activation(hidden_act), "hidden_act: unknown activation \"{}\"", hidden_act);
}

QFormerLayerImpl::QFormerLayerImpl(const QFormerConfig& config, bool sees_picture)
    : attention_(*this, "attention", layer_options(config, config.hidden_size)),
      query_feed_forward_(*this, layer_options(config, config.hidden_size), "_query") {
  if (sees_picture) cross_attention_.emplace(*this, "crossattention", layer_options(config, config.encoder_hidden_size));
  if (config.use_qformer_text_input) text_feed_forward_.emplace(*this, layer_options(config, config.hidden_size));
}

Tensor QFormerLayerImpl::forward(const Tensor& x, int64_t queries, const Tensor& mask, const KeysValues* picture) {
  const bool training = is_training();
  const Tensor attended = attention_.forward(x, attention_.project(x), mask, training);
  const int64_t words = attended.size(1) - queries;
  Tensor query, text;
  if (queries > 0) {
    query = attended.narrow(1, 0, queries);
    if (cross_attention_) query = cross_attention_->forward(query, *picture, {}, training);
    query = query_feed_forward_.forward(query, training);
  }
  if (words > 0) {
    check(text_feed_forward_.has_value(), "q-former: this model has no part for text");
    text = text_feed_forward_->forward(attended.narrow(1, queries, words), training);
  }
  return !text.defined() ? query : !query.defined() ? text : torch::cat({query, text}, 1);
}

QFormerImpl::QFormerImpl(const QFormerConfig& config, const std::string& norm)
    : norm_(register_at(*this, norm, layer_norm(config.hidden_size, config.layer_norm_eps))), dropout_(config.hidden_dropout_prob) {
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const bool sees_picture = i % config.cross_attention_frequency == 0;
    layers_.push_back(register_at(*this, fmt::format("encoder.layer.{}", i), QFormerLayer(config, sees_picture)));
  }
}

QFormerPicture QFormerImpl::look_at(const Tensor& features) {
  QFormerPicture picture;
  for (QFormerLayer& layer : layers_)
    if (layer->sees_picture()) picture.layers.push_back(layer->project(features));
  return picture;
}

Tensor QFormerImpl::forward(const Input& input) {
  check(input.queries == 0 || input.picture != nullptr, "q-former: expected a picture for the queries to look at");
  Tensor x = torch::dropout(norm_(input.embeddings), dropout_, is_training());
  std::size_t next = 0;
  for (QFormerLayer& layer : layers_) {
    const bool looks = input.queries > 0 && layer->sees_picture();
    x = layer->forward(x, input.queries, input.mask, looks ? &input.picture->layers.at(next++) : nullptr);
  }
  return x;
}

}  // namespace omma
