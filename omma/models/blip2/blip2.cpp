#include "omma/models/blip2/blip2.h"

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

// [R, T] of tokens to the self-attention's mask over keys, [R, 1, 1, T].
Tensor key_mask(const Tensor& mask) { return mask.defined() ? mask.unsqueeze(1).unsqueeze(1) : Tensor(); }

Tensor unit(const Tensor& x) { return torch::nn::functional::normalize(x, torch::nn::functional::NormalizeFuncOptions().dim(-1)); }

}  // namespace

Blip2RetrievalImpl::Blip2RetrievalImpl(const Blip2Config& config)
    : vision_model(register_module("vision_model", BlipVisionModel(config.vision_config))),
      qformer(register_module("qformer", QFormer(config.qformer_config))),
      config_(config) {
  const QFormerConfig& text = config.qformer_config;
  const int64_t channels = text.hidden_size;
  query_tokens_ = register_parameter("query_tokens", torch::zeros({1, config.num_query_tokens, channels}));
  word_embeddings_ = register_at(*this, "embeddings.word_embeddings", torch::nn::Embedding(text.vocab_size, channels));
  position_embeddings_ =
      register_at(*this, "embeddings.position_embeddings", torch::nn::Embedding(text.max_position_embeddings, channels));
  vision_projection_ = register_module("vision_projection", Linear(channels, config.image_text_hidden_size));
  text_projection_ = register_module("text_projection", Linear(channels, config.image_text_hidden_size));
  itm_head_ = register_module("itm_head", Linear(channels, 2));
}

Tensor Blip2RetrievalImpl::embed_words(const Tensor& input_ids) {
  const int64_t most = config_.qformer_config.max_position_embeddings;
  check(input_ids.size(1) <= most, "blip-2: text: expected at most {} tokens, got {}", most, input_ids.size(1));
  const Tensor positions = torch::arange(input_ids.size(1), input_ids.options());
  return word_embeddings_(input_ids) + position_embeddings_(positions);
}

Tensor Blip2RetrievalImpl::ask_pictures(const Tensor& features) {
  const QFormerPicture picture = qformer->look_at(features);
  const Tensor queries = query_tokens_.expand({features.size(0), -1, -1});
  return qformer(QFormerImpl::Input{.embeddings = queries, .queries = config_.num_query_tokens, .picture = &picture});
}

Tensor Blip2RetrievalImpl::embed_pictures(const Tensor& features) { return unit(vision_projection_(ask_pictures(features))); }

Tensor Blip2RetrievalImpl::embed_texts(const Tensor& input_ids, const Tensor& mask) {
  const Tensor states = qformer(QFormerImpl::Input{.embeddings = embed_words(input_ids), .mask = key_mask(mask)});
  return unit(text_projection_(states.select(1, 0)));
}

Tensor Blip2RetrievalImpl::match_logits(const QFormerPicture& picture, const Tensor& input_ids, const Tensor& mask) {
  const int64_t rows = input_ids.size(0), queries = config_.num_query_tokens;
  Tensor seen;
  if (mask.defined()) seen = torch::cat({mask.new_ones({rows, queries}), mask}, 1);
  const Tensor states =
      qformer(QFormerImpl::Input{.embeddings = torch::cat({query_tokens_.expand({rows, -1, -1}), embed_words(input_ids)}, 1),
                                 .queries = queries,
                                 .mask = key_mask(seen),
                                 .picture = &picture});
  return itm_head_(states.narrow(1, 0, queries)).mean(1);
}

}  // namespace omma
