#include "omma/models/blip/text.h"

#include <fmt/format.h>

#include "omma/base/error.h"

namespace omma {
namespace {

BertLayerOptions layer_options(const BlipTextConfig& config, int64_t source_channels) {
  return {.channels = config.hidden_size,
          .source_channels = source_channels,
          .heads = config.num_attention_heads,
          .intermediate = config.intermediate_size,
          .activation = activation_by_name(config.hidden_act),
          .dropout = config.hidden_dropout_prob,
          .attention_dropout = config.attention_probs_dropout_prob,
          .norm_eps = config.layer_norm_eps};
}

}  // namespace

class BlipTextLayerImpl : public torch::nn::Module {
 public:
  BlipTextLayerImpl(const BlipTextConfig& config, int64_t source_channels)
      : attention_(*this, "attention", layer_options(config, config.hidden_size)),
        crossattention_(*this, "crossattention", layer_options(config, source_channels)),
        feed_forward_(*this, layer_options(config, source_channels)) {}

  BlipTextLayerImpl(const BlipTextConfig& config, const BlipTextLayerImpl& tied)
      : attention_(*this, "attention", layer_options(config, config.hidden_size)),
        crossattention_(*this, "crossattention", tied.crossattention_),
        feed_forward_(*this, tied.feed_forward_) {}

  struct Pass {
    Tensor self_mask;   // broadcasts to [B, 1, T, all tokens]; undefined: none
    Tensor cross_mask;  // [P, 1, 1, S]; undefined: none
    KeyValueCache* cache;
    int64_t layer;
    int64_t apart;    // rows that do not look at the source
    bool first_only;  // whether only the first tokens go on
  };
  Tensor forward(const Tensor& x, const KeysValues* source, const Pass& pass) {  // [B, T, C]
    KeysValues own = attention_.project(x);
    if (pass.cache != nullptr) std::tie(own.keys, own.values) = pass.cache->append(pass.layer, own.keys, own.values);
    Tensor attended = attention_.forward(pass.first_only ? x.narrow(1, 0, 1) : x, own, pass.self_mask, is_training());
    if (source != nullptr) {
      const Tensor looking = attended.narrow(0, pass.apart, attended.size(0) - pass.apart);
      const Tensor informed = crossattention_.forward(looking, *source, pass.cross_mask, is_training());
      attended = pass.apart == 0 ? informed : torch::cat({attended.narrow(0, 0, pass.apart), informed});
    }
    return feed_forward_.forward(attended, is_training());
  }

  KeysValues project(const Tensor& source) const { return crossattention_.project(source); }

 private:
  BertAttention attention_, crossattention_;
  BertFeedForward feed_forward_;
};

BlipTextModelImpl::BlipTextModelImpl(const BlipTextConfig& config, int64_t source_channels, const BlipTextModelImpl* tied)
    : config_(config) {
  const int64_t channels = config.hidden_size;
  if (tied == nullptr) {
    word_embeddings_ =
        torch::nn::Embedding(torch::nn::EmbeddingOptions(config.vocab_size, channels).padding_idx(config.pad_token_id));
    position_embeddings_ = torch::nn::Embedding(config.max_position_embeddings, channels);
    norm_ = layer_norm(channels, config.layer_norm_eps);
  } else {
    word_embeddings_ = tied->word_embeddings_;
    position_embeddings_ = tied->position_embeddings_;
    norm_ = tied->norm_;
  }
  register_at(*this, "embeddings.word_embeddings", word_embeddings_);
  register_at(*this, "embeddings.position_embeddings", position_embeddings_);
  register_at(*this, "embeddings.LayerNorm", norm_);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const auto layer = tied == nullptr ? std::make_shared<BlipTextLayerImpl>(config, source_channels)
                                       : std::make_shared<BlipTextLayerImpl>(config, *tied->layers_[static_cast<std::size_t>(i)]);
    layers_.push_back(register_at(*this, fmt::format("encoder.layer.{}", i), layer));
  }
}

BlipSource BlipTextModelImpl::project(const Tensor& source, const Tensor& mask) const {
  BlipSource result{.layers = {}, .mask = mask};
  for (const auto& layer : layers_) result.layers.push_back(layer->project(source));
  return result;
}

Tensor BlipTextModelImpl::forward(const BlipTextInput& input) {
  const Tensor& ids = input.input_ids;
  check(ids.dim() == 2, "blip: input_ids: expected [B, T], got {}", shape(ids));
  check(input.apart == 0 || input.source != nullptr, "blip: apart: expected a source");
  check(!input.first_only || !input.causal, "blip: first_only: expected a pass that is not causal");
  const int64_t past = input.cache != nullptr ? input.cache->length() : 0, tokens = ids.size(1);
  check(past + tokens <= config_.max_position_embeddings, "blip: text: expected at most {} tokens, got {}",
        config_.max_position_embeddings, past + tokens);
  const auto index = torch::TensorOptions(torch::kLong).device(ids.device());
  const Tensor places = torch::arange(past, past + tokens, index);  // [T]
  Tensor x =
      torch::dropout(norm_(word_embeddings_(ids) + position_embeddings_(places)), config_.hidden_dropout_prob, is_training());

  BlipTextLayerImpl::Pass pass{
      .self_mask = {}, .cross_mask = {}, .cache = input.cache, .layer = 0, .apart = input.apart, .first_only = false};
  if (input.mask.defined()) pass.self_mask = input.mask.unsqueeze(1).unsqueeze(1);  // [B, 1, 1, T]
  if (input.causal && tokens > 1) {
    const Tensor causal = torch::arange(past + tokens, index) <= places.unsqueeze(1);  // [T, past + T]
    pass.self_mask = pass.self_mask.defined() ? pass.self_mask & causal : causal;
  }
  if (input.source != nullptr && input.source->mask.defined()) pass.cross_mask = input.source->mask.unsqueeze(1).unsqueeze(1);
  for (const auto& layer : layers_) {
    pass.first_only = input.first_only && pass.layer + 1 == std::ssize(layers_);
    const KeysValues* source = input.source == nullptr ? nullptr : &input.source->layers[static_cast<std::size_t>(pass.layer)];
    x = layer->forward(x, source, pass);
    ++pass.layer;
  }
  if (input.cache != nullptr) input.cache->advance(tokens);
  return x;
}

KeyValueCache BlipTextModelImpl::make_cache(int64_t rows, int64_t capacity) const {
  return KeyValueCache({.layers = config_.num_hidden_layers,
                        .batch = rows,
                        .heads = config_.num_attention_heads,
                        .capacity = capacity,
                        .head_dim = config_.hidden_size / config_.num_attention_heads},
                       word_embeddings_->weight.options().requires_grad(false));
}

BlipTextDecoderImpl::BlipTextDecoderImpl(const BlipTextConfig& config, int64_t source_channels, const BlipTextModelImpl* tied)
    : bert(register_module("bert", BlipTextModel(config, source_channels, tied))),
      activation_(activation_by_name(config.hidden_act)),
      transform_(register_at(*this, "cls.predictions.transform.dense", Linear(config.hidden_size, config.hidden_size))),
      transform_norm_(
          register_at(*this, "cls.predictions.transform.LayerNorm", layer_norm(config.hidden_size, config.layer_norm_eps))),
      bias_(register_parameter_at(*this, "cls.predictions.bias", torch::zeros({config.vocab_size}))) {}

Tensor BlipTextDecoderImpl::logits(const Tensor& hidden) {
  const Tensor transformed = transform_norm_(transform_.ptr()->forward_with(hidden, activation_));
  return omma::linear(transformed, bert->word_embeddings(), bias_);
}

Tensor language_losses(BlipTextDecoder& decoder, const BlipSource& source, const Tensor& input_ids, const Tensor& mask,
                       const BlipTextConfig& config) {
  Tensor ids = input_ids.clone();
  ids.select(1, 0).fill_(config.bos_token_id);
  const Tensor hidden = decoder->bert(BlipTextInput{.input_ids = ids, .mask = mask, .source = &source, .causal = true});
  const Tensor targets = (mask.defined() ? ids.masked_fill(~mask, -100) : ids).narrow(1, 1, ids.size(1) - 1);  // [B, T - 1]
  const Tensor logits = decoder->logits(hidden.narrow(1, 0, targets.size(1))).to(torch::kFloat32);
  return at::cross_entropy_loss(logits.transpose(1, 2), targets, {}, at::Reduction::None, -100, config.label_smoothing);
}

}  // namespace omma
