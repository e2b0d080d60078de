// T5 (Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", arXiv:1910.10683):
// an encoder that reads the prompt and a decoder that writes another text. Reference: transformers' T5ForConditionalGeneration,
// whose config fields and key names these are. RMSNorm before every part, no biases, no scale of the scores; positions are learned
// biases of the scores by distance, which a stack's first layer holds for all.
//
// B rows, T tokens of this pass, S tokens in all; P sources; C channels, N heads, V words.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/attention.h"
#include "omma/nn/language_network.h"
#include "omma/nn/layers.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct T5Config {
  int64_t vocab_size = 32128;
  int64_t d_model = 512;
  int64_t d_kv = 64;  // of a head
  int64_t d_ff = 2048;
  int64_t num_layers = 6;
  std::optional<int64_t> num_decoder_layers;  // default: num_layers
  int64_t num_heads = 8;
  int64_t relative_attention_num_buckets = 32;
  int64_t relative_attention_max_distance = 128;
  double dropout_rate = 0.1;
  double layer_norm_epsilon = 1e-6;
  double initializer_factor = 1;
  std::string feed_forward_proj = "relu";   // or gated-NAME; gated-gelu is the approximate one
  std::optional<std::string> dense_act_fn;  // default: feed_forward_proj's; BLIP-2's directories name the exact gelu
  // Of version 1.0: the head is the embedding's weight, and reads states over sqrt(C). Later ones have a head of their own.
  bool ties_head = true;
  int64_t decoder_start_token_id = 0;

  bool is_gated() const { return feed_forward_proj.starts_with("gated-"); }
  std::string activation() const;

  template <class Fields>
  void fields(Fields& field) {
    field("vocab_size", vocab_size, Range{1, 1 << 24});
    field("d_model", d_model, Range{1, 1 << 16});
    field("d_kv", d_kv, Range{1, 4096});
    field("d_ff", d_ff, Range{1, 1 << 20});
    field("num_layers", num_layers, Range{1, 1024});
    field("num_decoder_layers", num_decoder_layers, Range{1, 1024});
    field("num_heads", num_heads, Range{1, 1024});
    field("relative_attention_num_buckets", relative_attention_num_buckets, Range{4, 65536});
    field("relative_attention_max_distance", relative_attention_max_distance, Range{2, 1 << 24});
    field("dropout_rate", dropout_rate, Range{0, 0.99});
    field("layer_norm_epsilon", layer_norm_epsilon, Range{0, 1});
    field("initializer_factor", initializer_factor, Range{0, 1e3});
    field("feed_forward_proj", feed_forward_proj);
    field("dense_act_fn", dense_act_fn);
    field("decoder_start_token_id", decoder_start_token_id, Range{0, 1 << 24});
  }
  void validate(Faults& faults) const;
};

// Of config.json or a part of one; its `tie_word_embeddings` and `scale_decoder_outputs` are one thing here. Throws
// std::invalid_argument.
T5Config read_t5_config(const json& object, std::string_view where);
json write_t5_config(const T5Config& config);

// Which bias a key `distance` = key's place - query's place away has, int64 of any shape: half of the buckets (of each direction,
// where a query sees both) are a place each, the others grow with the logarithm up to max_distance.
Tensor t5_buckets(const Tensor& distance, bool sees_both, int64_t buckets, int64_t max_distance);

class T5AttentionImpl : public torch::nn::Module {
 public:
  T5AttentionImpl(const T5Config& config, bool has_bias);

  KeysValues project(const Tensor& x);                                            // [P, S, C]
  Tensor forward(const Tensor& x, const KeysValues& source, const Tensor& bias);  // [B, T, C]; as attention() takes a mask
  Tensor bias(int64_t past, int64_t tokens, int64_t keys, bool sees_both) const;  // [1, N, tokens, keys]; where it has one

 private:
  T5Config config_;
  Linear q_, k_, v_, o_;
  torch::nn::Embedding relative_attention_bias_ = nullptr;
};
TORCH_MODULE(T5Attention);

// What every layer of one pass shares.
struct T5Pass {
  Tensor bias;                             // [1 or B, N, T, S], added to the scores
  Tensor source_bias;                      // [P, 1, 1, S'] likewise, of the padded sources; undefined: none is
  KeyValueCache* cache = nullptr;          // of a decoder's earlier tokens
  const std::vector<KeysValues>* sources;  // of each layer of a decoder; null: an encoder's
};

class T5BlockImpl : public torch::nn::Module {
 public:
  T5BlockImpl(const T5Config& config, int64_t index, bool is_decoder);

  Tensor forward(const Tensor& x, const T5Pass& pass);  // [B, T, C]
  T5Attention self_attention, cross_attention = nullptr;

 private:
  Tensor feed_forward(const Tensor& x);

  int64_t index_;
  double dropout_;
  Activation activation_;
  RmsNorm self_norm_, cross_norm_ = nullptr, feed_norm_ = nullptr;
  Linear wi_ = nullptr, gate_ = nullptr, wo_ = nullptr;
};
TORCH_MODULE(T5Block);

class T5StackImpl : public torch::nn::Module {
 public:
  T5StackImpl(const T5Config& config, bool is_decoder);

  Tensor encode(const Tensor& embeddings, const Tensor& padding);  // [P, T, C] -> [P, T, C]
  // As T5Pass has them; `sources` of project().
  Tensor decode(const Tensor& embeddings, const std::vector<KeysValues>& sources, const Tensor& source_bias, KeyValueCache* cache);
  std::vector<KeysValues> project(const Tensor& encoded);  // for decode(), of each layer

 private:
  Tensor run(const Tensor& embeddings, const T5Pass& pass);

  T5Config config_;
  std::vector<T5Block> blocks_;
  RmsNorm final_norm_;
};
TORCH_MODULE(T5Stack);

class T5ForConditionalGenerationImpl : public torch::nn::Module, public LanguageNetwork {
 public:
  explicit T5ForConditionalGenerationImpl(const T5Config& config);

  int64_t words() const override { return config_.vocab_size; }
  int64_t channels() const override { return config_.d_model; }
  std::optional<int64_t> context() const override { return std::nullopt; }
  bool is_encoder_decoder() const override { return true; }
  Tensor embed_ids(const Tensor& ids) override { return shared(ids); }
  // The encoder reads prompts as a whole; the decoder begins with decoder_start_token_id.
  std::unique_ptr<AutoregressiveDecoder> read(const EmbeddedPrompts& prompts, int64_t max_tokens,
                                              const Deadline& deadline = {}) override;
  Tensor logits_of(const EmbeddedPrompts& prompts, const Tensor& tokens) override;

  Tensor logits(const Tensor& states);  // of the decoder, [..., C] -> [..., V]
  KeyValueCache make_cache(int64_t batch, int64_t capacity) const;
  const T5Config& config() const { return config_; }

  torch::nn::Embedding shared;
  T5Stack encoder, decoder;

 private:
  T5Config config_;
  Linear lm_head_ = nullptr;  // where it is not the embedding's weight
};
TORCH_MODULE(T5ForConditionalGeneration);

}  // namespace omma
