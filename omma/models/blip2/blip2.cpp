#include "omma/models/blip2/blip2.h"

#include <ATen/Parallel.h>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/nn/layers.h"

namespace omma {
namespace {

// [R, T] of tokens to the self-attention's mask over keys, [R, 1, 1, T].
Tensor key_mask(const Tensor& mask) { return mask.defined() ? mask.unsqueeze(1).unsqueeze(1) : Tensor(); }

Tensor unit(const Tensor& x) { return torch::nn::functional::normalize(x, torch::nn::functional::NormalizeFuncOptions().dim(-1)); }

// InstructBLIP has the text's embeddings and the normalisation behind them in the Q-Former, the others beside it.
bool is_within(const Blip2Config& config) { return config.kind == Blip2Kind::instruct; }

}  // namespace

Blip2ModelImpl::Blip2ModelImpl(const Blip2Config& config)
    : vision_model(register_module("vision_model", BlipVisionModel(config.vision_config))),
      qformer(register_module("qformer", QFormer(config.qformer_config, is_within(config) ? "embeddings.layernorm" : "layernorm"))),
      config_(config) {
  const QFormerConfig& text = config.qformer_config;
  query_tokens_ = register_parameter("query_tokens", torch::zeros({1, config.num_query_tokens, text.hidden_size}));
  if (!config.has_text()) return;
  const std::string place = is_within(config) ? "qformer.embeddings." : "embeddings.";
  word_embeddings_ = register_at(*this, place + "word_embeddings", torch::nn::Embedding(text.vocab_size, text.hidden_size));
  position_embeddings_ =
      register_at(*this, place + "position_embeddings", torch::nn::Embedding(text.max_position_embeddings, text.hidden_size));
}

Tensor Blip2ModelImpl::embed_words(const Tensor& input_ids) {
  const int64_t most = config_.qformer_config.max_position_embeddings;
  check(input_ids.size(1) <= most, "blip-2: text: expected at most {} tokens, got {}", most, input_ids.size(1));
  const Tensor positions = torch::arange(input_ids.size(1), input_ids.options());
  return word_embeddings_(input_ids) + position_embeddings_(positions);
}

Tensor Blip2ModelImpl::ask_pictures(const Tensor& features) {
  const QFormerPicture picture = qformer->look_at(features);
  const Tensor queries = query_tokens_.expand({features.size(0), -1, -1});
  return qformer(QFormerImpl::Input{.embeddings = queries, .queries = config_.num_query_tokens, .picture = &picture});
}

Tensor Blip2ModelImpl::ask_pictures(const QFormerPicture& pictures, const Tensor& input_ids, const Tensor& mask) {
  Tensor seen;
  if (mask.defined()) seen = torch::cat({mask.new_ones({mask.size(0), config_.num_query_tokens}), mask}, 1);
  return ask_with_mask(pictures, input_ids, key_mask(seen));
}

Tensor Blip2ModelImpl::ask_with_mask(const QFormerPicture& pictures, const Tensor& input_ids, const Tensor& seen) {
  const Tensor queries = query_tokens_.expand({input_ids.size(0), -1, -1});
  return qformer(QFormerImpl::Input{.embeddings = torch::cat({queries, embed_words(input_ids)}, 1),
                                    .queries = config_.num_query_tokens,
                                    .mask = seen,
                                    .picture = &pictures});
}

Blip2RetrievalImpl::Blip2RetrievalImpl(const Blip2Config& config) : Blip2ModelImpl(config) {
  const int64_t channels = config.qformer_config.hidden_size;
  vision_projection_ = register_module("vision_projection", Linear(channels, config.image_text_hidden_size));
  text_projection_ = register_module("text_projection", Linear(channels, config.image_text_hidden_size));
  itm_head_ = register_module("itm_head", Linear(channels, 2));
}

Tensor Blip2RetrievalImpl::embed_pictures(const Tensor& features) { return unit(vision_projection_(ask_pictures(features))); }

Tensor Blip2RetrievalImpl::embed_texts(const Tensor& input_ids, const Tensor& mask) {
  const Tensor states = qformer(QFormerImpl::Input{.embeddings = embed_words(input_ids), .mask = key_mask(mask)});
  return unit(text_projection_(states.select(1, 0)));
}

Tensor Blip2RetrievalImpl::match_logits(const QFormerPicture& picture, const Tensor& input_ids, const Tensor& mask) {
  return itm_head_(ask_pictures(picture, input_ids, mask).narrow(1, 0, config().num_query_tokens)).mean(1);
}

Tensor Blip2RetrievalImpl::caption_states(const QFormerPicture& picture, const Tensor& input_ids, const Tensor& mask) {
  const int64_t queries = config().num_query_tokens, tokens = input_ids.size(1);
  Tensor seen = torch::ones({queries + tokens, queries + tokens}, torch::TensorOptions(torch::kBool).device(input_ids.device()));
  seen.narrow(0, 0, queries).narrow(1, queries, tokens).fill_(false);
  seen.narrow(0, queries, tokens).narrow(1, queries, tokens).tril_();
  seen = seen.view({1, 1, queries + tokens, -1});
  if (mask.defined()) seen = seen & key_mask(torch::cat({mask.new_ones({mask.size(0), queries}), mask}, 1));
  return ask_with_mask(picture, input_ids, seen).narrow(1, queries, tokens);
}

Blip2LanguageImpl::Blip2LanguageImpl(const Blip2Config& config) : Blip2ModelImpl(config) {
  const LanguageModule language = make_language_module(config.text_config.value());
  language_ = language.network;
  language_projection_ = register_module("language_projection", Linear(config.qformer_config.hidden_size, language_->channels()));
  register_module("language_model", language.module);
}

Tensor Blip2LanguageImpl::project(const Tensor& queries) { return language_projection_(queries); }

Tensor look_at_pictures(Blip2ModelImpl& model, const ImageProcessor& processor, std::span<const Image> images, Timing* timing) {
  check(!images.empty(), "blip-2: expected at least one picture");
  const c10::InferenceMode inference;
  Stopwatch watch(static_cast<double>(images.size()));
  std::vector<Tensor> pictures;
  for (const Image& image : images) pictures.push_back(processor(image, at::get_num_threads()));
  const Tensor weight = model.parameters().front();
  const Tensor pixels = torch::stack(pictures).to(weight.device(), weight.scalar_type());
  const double preprocess = watch.lap();
  const Tensor features = model.vision_model(pixels);
  if (timing != nullptr) *timing = {.preprocess = preprocess, .encode = watch.lap()};
  return features;
}

}  // namespace omma
