#include "omma/nn/t5.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr double no_scale = 1;  // of the scores

Linear t5_linear(int64_t in, int64_t out) { return Linear(torch::nn::LinearOptions(in, out).bias(false)); }

// int64 [P] of padding before each row's S tokens -> [P, 1, 1, S], 0 for tokens and -infinity for padding.
Tensor padding_bias(const Tensor& padding, int64_t tokens, torch::Dtype dtype) {
  if (!padding.defined()) return {};
  const Tensor is_padding = torch::arange(tokens, padding.options()) < padding.unsqueeze(1);  // [P, S]
  const Tensor zeros = torch::zeros(is_padding.sizes(), torch::TensorOptions(dtype).device(padding.device()));
  return zeros.masked_fill(is_padding, -std::numeric_limits<float>::infinity()).unsqueeze(1).unsqueeze(1);
}

// With its prompts' encodings and its past, as generation drives it.
class T5Decoder : public AutoregressiveDecoder {
 public:
  T5Decoder(T5ForConditionalGenerationImpl& network, const EmbeddedPrompts& prompts, int64_t max_tokens)
      : network_(network),
        source_bias_(padding_bias(prompts.padding, prompts.embeddings.size(1), prompts.embeddings.scalar_type())),
        sources_(network.decoder->project(network.encoder->encode(prompts.embeddings, prompts.padding))),
        prompts_(prompts.embeddings.size(0)),
        cache_(network.make_cache(prompts_, 1 + max_tokens)) {}

  Tensor start() override {
    return step(torch::full({prompts_}, network_.config().decoder_start_token_id, torch::kLong).to(device()));
  }
  Tensor step(const Tensor& tokens) override {
    const Tensor read = network_.decoder->decode(network_.embed_ids(tokens.unsqueeze(1)), sources_, source_bias_, &cache_);
    return network_.logits(read.select(1, -1));
  }
  void reorder(const Tensor& rows) override { cache_.reorder(rows); }

 private:
  torch::Device device() const { return network_.shared->weight.device(); }

  T5ForConditionalGenerationImpl& network_;
  Tensor source_bias_;
  std::vector<KeysValues> sources_;
  int64_t prompts_;
  KeyValueCache cache_;
};

}  // namespace

std::string T5Config::activation() const {
  if (dense_act_fn) return *dense_act_fn;
  if (feed_forward_proj == "gated-gelu") return "gelu_new";
  return is_gated() ? feed_forward_proj.substr(6) : feed_forward_proj;
}

void T5Config::validate(Faults& faults) const {
  faults.expect(is_activation(activation()), "feed_forward_proj: unknown activation \"{}\"", activation());
  faults.expect(relative_attention_max_distance > relative_attention_num_buckets / 2,
                "relative_attention_max_distance: expected above {}, half of the buckets, got {}",
                relative_attention_num_buckets / 2, relative_attention_max_distance);
  faults.expect(decoder_start_token_id < vocab_size, "decoder_start_token_id: expected below vocab_size {}, got {}", vocab_size,
                decoder_start_token_id);
}

// transformers 5 calls every head tied, as its weight may be in the file beside the embedding's, and tells versions by the scale.
T5Config read_t5_config(const json& object, std::string_view where) {
  auto config = read_config<T5Config>(object, where);
  for (const char* name : {"tie_word_embeddings", "scale_decoder_outputs"})
    if (object.contains(name) && object[name].is_boolean()) config.ties_head = object[name].get<bool>();
  return config;
}

json write_t5_config(const T5Config& config) {
  json object = write_config(config);
  object["model_type"] = "t5";
  object["is_encoder_decoder"] = true;
  object["tie_word_embeddings"] = config.ties_head;
  object["scale_decoder_outputs"] = config.ties_head;
  return object;
}

Tensor t5_buckets(const Tensor& distance, bool sees_both, int64_t buckets, int64_t max_distance) {
  Tensor places = sees_both ? distance.abs() : (-distance).clamp_min(0);
  Tensor first = torch::zeros_like(distance);
  if (sees_both) {
    buckets /= 2;
    first = (distance > 0).to(torch::kLong) * buckets;
  }
  const int64_t exact = buckets / 2;
  // In this order: where the logarithm falls between two buckets, the rounding of float32 decides, as it did when weights were
  // made.
  const Tensor logarithm = torch::log(places.to(torch::kFloat32) / exact);
  const double range = std::log(static_cast<double>(max_distance) / static_cast<double>(exact));
  const Tensor far = exact + (logarithm / range * (buckets - exact)).to(torch::kLong);
  return first + torch::where(places < exact, places, far.clamp_max(buckets - 1));
}

T5AttentionImpl::T5AttentionImpl(const T5Config& config, bool has_bias)
    : config_(config),
      q_(register_module("q", t5_linear(config.d_model, config.num_heads * config.d_kv))),
      k_(register_module("k", t5_linear(config.d_model, config.num_heads * config.d_kv))),
      v_(register_module("v", t5_linear(config.d_model, config.num_heads * config.d_kv))),
      o_(register_module("o", t5_linear(config.num_heads * config.d_kv, config.d_model))) {
  if (has_bias)
    relative_attention_bias_ =
        register_module("relative_attention_bias", torch::nn::Embedding(config.relative_attention_num_buckets, config.num_heads));
}

KeysValues T5AttentionImpl::project(const Tensor& x) {
  return {.keys = split_heads(k_(x), config_.num_heads), .values = split_heads(v_(x), config_.num_heads)};
}

Tensor T5AttentionImpl::forward(const Tensor& x, const KeysValues& source, const Tensor& bias) {
  const double dropout = is_training() ? config_.dropout_rate : 0;
  return o_(merge_heads(attention(split_heads(q_(x), config_.num_heads), source, bias, dropout, no_scale)));
}

Tensor T5AttentionImpl::bias(int64_t past, int64_t tokens, int64_t keys, bool sees_both) const {
  const Tensor& table = relative_attention_bias_->weight;
  const auto index = torch::TensorOptions(torch::kLong).device(table.device());
  const Tensor distance = torch::arange(keys, index) - torch::arange(past, past + tokens, index).unsqueeze(1);  // [T, S]
  const Tensor buckets =
      t5_buckets(distance, sees_both, config_.relative_attention_num_buckets, config_.relative_attention_max_distance);
  return torch::embedding(table, buckets).permute({2, 0, 1}).unsqueeze(0);
}

T5BlockImpl::T5BlockImpl(const T5Config& config, int64_t index, bool is_decoder)
    : self_attention(register_at(*this, "layer.0.SelfAttention", T5Attention(config, index == 0))),
      index_(index),
      dropout_(config.dropout_rate),
      activation_(activation_by_name(config.activation())),
      self_norm_(register_at(*this, "layer.0.layer_norm", RmsNorm(config.d_model, config.layer_norm_epsilon))) {
  if (is_decoder) {
    cross_attention = register_at(*this, "layer.1.EncDecAttention", T5Attention(config, false));
    cross_norm_ = register_at(*this, "layer.1.layer_norm", RmsNorm(config.d_model, config.layer_norm_epsilon));
  }
  const std::string feed = is_decoder ? "layer.2" : "layer.1";
  const auto inner = [&](const char* name) { return register_at(*this, feed + name, t5_linear(config.d_model, config.d_ff)); };
  wi_ = inner(config.is_gated() ? ".DenseReluDense.wi_0" : ".DenseReluDense.wi");
  if (config.is_gated()) gate_ = inner(".DenseReluDense.wi_1");
  wo_ = register_at(*this, feed + ".DenseReluDense.wo", t5_linear(config.d_ff, config.d_model));
  feed_norm_ = register_at(*this, feed + ".layer_norm", RmsNorm(config.d_model, config.layer_norm_epsilon));
}

Tensor T5BlockImpl::feed_forward(const Tensor& x) {
  Tensor inner = wi_->forward_with(x, activation_);
  if (gate_) inner = inner * gate_(x);
  return wo_(torch::dropout(inner, dropout_, is_training()));
}

Tensor T5BlockImpl::forward(const Tensor& x, const T5Pass& pass) {
  const auto dropout = [&](const Tensor& states) { return torch::dropout(states, dropout_, is_training()); };
  const Tensor read = self_norm_(x);
  KeysValues own = self_attention->project(read);
  if (pass.cache != nullptr) std::tie(own.keys, own.values) = pass.cache->append(index_, own.keys, own.values);
  Tensor states = x + dropout(self_attention(read, own, pass.bias));
  if (cross_attention)
    states = states +
             dropout(cross_attention(cross_norm_(states), pass.sources->at(static_cast<std::size_t>(index_)), pass.source_bias));
  return states + dropout(feed_forward(feed_norm_(states)));
}

T5StackImpl::T5StackImpl(const T5Config& config, bool is_decoder)
    : config_(config), final_norm_(register_module("final_layer_norm", RmsNorm(config.d_model, config.layer_norm_epsilon))) {
  const int64_t layers = is_decoder ? config.num_decoder_layers.value_or(config.num_layers) : config.num_layers;
  for (int64_t i = 0; i < layers; ++i)
    blocks_.push_back(register_at(*this, fmt::format("block.{}", i), T5Block(config, i, is_decoder)));
}

Tensor T5StackImpl::run(const Tensor& embeddings, const T5Pass& pass) {
  Tensor x = torch::dropout(embeddings, config_.dropout_rate, is_training());
  for (T5Block& block : blocks_) x = block(x, pass);
  return torch::dropout(final_norm_(x), config_.dropout_rate, is_training());
}

Tensor T5StackImpl::encode(const Tensor& embeddings, const Tensor& padding) {
  const int64_t tokens = embeddings.size(1);
  Tensor bias = blocks_.front()->self_attention->bias(0, tokens, tokens, /*sees_both=*/true);
  if (padding.defined()) bias = bias + padding_bias(padding, tokens, bias.scalar_type());
  return run(embeddings, {.bias = bias, .source_bias = {}, .sources = nullptr});
}

std::vector<KeysValues> T5StackImpl::project(const Tensor& encoded) {
  std::vector<KeysValues> sources;
  for (T5Block& block : blocks_) sources.push_back(block->cross_attention->project(encoded));
  return sources;
}

Tensor T5StackImpl::decode(const Tensor& embeddings, const std::vector<KeysValues>& sources, const Tensor& source_bias,
                           KeyValueCache* cache) {
  const int64_t past = cache != nullptr ? cache->length() : 0, tokens = embeddings.size(1);
  Tensor bias = blocks_.front()->self_attention->bias(past, tokens, past + tokens, /*sees_both=*/false);
  if (tokens > 1) {
    const Tensor later =
        torch::ones({tokens, past + tokens}, torch::TensorOptions(torch::kBool).device(bias.device())).triu(past + 1);
    bias = bias.masked_fill(later, -std::numeric_limits<float>::infinity());
  }
  const Tensor states = run(embeddings, {.bias = bias, .source_bias = source_bias, .cache = cache, .sources = &sources});
  if (cache != nullptr) cache->advance(tokens);
  return states;
}

T5ForConditionalGenerationImpl::T5ForConditionalGenerationImpl(const T5Config& config)
    : shared(register_module("shared", torch::nn::Embedding(config.vocab_size, config.d_model))),
      encoder(register_module("encoder", T5Stack(config, false))),
      decoder(register_module("decoder", T5Stack(config, true))),
      config_(config) {
  if (!config.ties_head) lm_head_ = register_module("lm_head", t5_linear(config.d_model, config.vocab_size));
}

Tensor T5ForConditionalGenerationImpl::logits(const Tensor& states) {
  if (lm_head_) return lm_head_(states);
  return omma::linear(states * std::pow(static_cast<double>(config_.d_model), -0.5), shared->weight);
}

KeyValueCache T5ForConditionalGenerationImpl::make_cache(int64_t batch, int64_t capacity) const {
  return KeyValueCache({.layers = config_.num_decoder_layers.value_or(config_.num_layers),
                        .batch = batch,
                        .heads = config_.num_heads,
                        .capacity = capacity,
                        .head_dim = config_.d_kv},
                       shared->weight.options().requires_grad(false));
}

std::unique_ptr<AutoregressiveDecoder> T5ForConditionalGenerationImpl::read(const EmbeddedPrompts& prompts, int64_t max_tokens,
                                                                            const Deadline& deadline) {
  throw_if_passed(deadline);
  return std::make_unique<T5Decoder>(*this, prompts, max_tokens);
}

Tensor T5ForConditionalGenerationImpl::logits_of(const EmbeddedPrompts& prompts, const Tensor& tokens) {
  const Tensor start = torch::full({tokens.size(0), 1}, config_.decoder_start_token_id, tokens.options());
  const Tensor before = torch::cat({start, tokens.narrow(1, 0, tokens.size(1) - 1)}, 1);
  const auto sources = decoder->project(encoder->encode(prompts.embeddings, prompts.padding));
  const Tensor bias = padding_bias(prompts.padding, prompts.embeddings.size(1), prompts.embeddings.scalar_type());
  return logits(decoder->decode(shared(before), sources, bias, nullptr));
}

}  // namespace omma
