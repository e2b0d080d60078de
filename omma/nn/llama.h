// The LLaMA decoder (Touvron et al. 2023, "LLaMA"; grouped heads and long positions of Llama 2 and 3). Reference: transformers'
// LlamaForCausalLM, whose config fields and key names these are. A pre-norm decoder: RMSNorm, rotary positions, SwiGLU.
//
// B rows, T tokens of this pass, S tokens in all, C channels, N heads, G heads of keys and values, D channels a head, V words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/kv_cache.h"
#include "omma/nn/language_network.h"
#include "omma/nn/layers.h"
#include "omma/nn/linear.h"
#include "omma/nn/rope.h"
#include "omma/nn/torch.h"
#include "omma/nn/word_embedding.h"

namespace omma {

struct LlamaConfig {
  int64_t vocab_size = 32000;
  int64_t hidden_size = 4096;
  int64_t intermediate_size = 11008;
  int64_t num_hidden_layers = 32;
  int64_t num_attention_heads = 32;
  std::optional<int64_t> num_key_value_heads;  // default: num_attention_heads
  std::optional<int64_t> head_dim;             // default: hidden_size / num_attention_heads
  std::string hidden_act = "silu";
  int64_t max_position_embeddings = 2048;
  double rms_norm_eps = 1e-6;
  double initializer_range = 0.02;
  bool attention_bias = false;
  bool mlp_bias = false;
  bool tie_word_embeddings = false;
  RopeConfig rope;
  bool int8 = false;  // whether the layers' linear weights are of 8-bit numbers: quantization_config

  int64_t head_channels() const { return head_dim.value_or(hidden_size / num_attention_heads); }
  int64_t key_value_heads() const { return num_key_value_heads.value_or(num_attention_heads); }

  template <class Fields>
  void fields(Fields& field) {
    field("vocab_size", vocab_size, Range{1, 1 << 24});
    field("hidden_size", hidden_size, Range{1, 1 << 16});
    field("intermediate_size", intermediate_size, Range{1, 1 << 20});
    field("num_hidden_layers", num_hidden_layers, Range{1, 1024});
    field("num_attention_heads", num_attention_heads, Range{1, 1024});
    field("num_key_value_heads", num_key_value_heads, Range{1, 1024});
    field("head_dim", head_dim, Range{2, 4096});
    field("hidden_act", hidden_act);
    field("max_position_embeddings", max_position_embeddings, Range{1, 1 << 28});
    field("rms_norm_eps", rms_norm_eps, Range{0, 1});
    field("initializer_range", initializer_range, Range{0, 1});
    field("attention_bias", attention_bias);
    field("mlp_bias", mlp_bias);
    field("tie_word_embeddings", tie_word_embeddings);
    rope.fields(field);
  }
  void validate(Faults& faults) const;
};

// Of config.json (or a part of one) of model_type "llama", or "mistral", which is the same but for its defaults. A Mistral that
// looks back over a window only is one of so many positions here: within them it is the same. Throws std::invalid_argument.
LlamaConfig read_llama_config(const json& object, std::string_view where);
bool is_llama_type(const json& model_type);

// config.json's entry for layers whose linear weights are of 8-bit numbers (Int8Weight), alone or within a LLaVA; and whether a
// weight of the module is one of these.
json llama_int8_config();
void expect_llama_int8_config(const json& quantization_config, std::string_view where);
bool is_llama_int8_weight(std::string_view name);

// What every layer of one pass shares.
struct LlamaPass {
  RopeAngles angles;
  torch::Tensor mask;              // bool [B, 1, T, S], true where attention is allowed; undefined: plain causal
  KeyValueCache* cache = nullptr;  // earlier tokens' keys and values; null: none, and nothing is kept
};

// Self-attention with rotary positions, G heads of keys and values shared by N heads of queries. [B, T, C] -> [B, T, C]
class LlamaAttentionImpl : public torch::nn::Module {
 public:
  LlamaAttentionImpl(const LlamaConfig& config, int64_t layer);
  torch::Tensor forward(const torch::Tensor& x, const LlamaPass& pass);
  Linear q_proj, k_proj, v_proj, o_proj;

 private:
  int64_t layer_, heads_, key_value_heads_, head_dim_;
};
TORCH_MODULE(LlamaAttention);

// SwiGLU: down(silu(gate(x)) * up(x)) (Shazeer 2020). [B, T, C] -> [B, T, C]
class LlamaMlpImpl : public torch::nn::Module {
 public:
  explicit LlamaMlpImpl(const LlamaConfig& config);
  torch::Tensor forward(const torch::Tensor& x);
  Linear gate_proj, up_proj, down_proj;
};
TORCH_MODULE(LlamaMlp);

class LlamaLayerImpl : public torch::nn::Module {
 public:
  LlamaLayerImpl(const LlamaConfig& config, int64_t layer);
  torch::Tensor forward(const torch::Tensor& x, const LlamaPass& pass);
  LlamaAttention self_attn;
  LlamaMlp mlp;
  RmsNorm input_layernorm, post_attention_layernorm;
};
TORCH_MODULE(LlamaLayer);

// The decoder without its head. [B, T, C] -> normalised [B, T, C]
class LlamaModelImpl : public torch::nn::Module {
 public:
  explicit LlamaModelImpl(const LlamaConfig& config);
  torch::Tensor forward(const CausalInput& input);
  WordEmbedding embed_tokens;
  torch::nn::ModuleList layers;
  RmsNorm norm;
  bool recomputes_layers = false;  // gradient checkpointing (recompute.h) of each layer

 private:
  LlamaPass prepare(const CausalInput& input) const;
  LlamaConfig config_;
  Rope rope_;
};
TORCH_MODULE(LlamaModel);

// The decoder with its head. Not thread-safe with a cache; without one, const in effect.
class LlamaForCausalLMImpl : public torch::nn::Module, public CausalNetwork {
 public:
  explicit LlamaForCausalLMImpl(const LlamaConfig& config);

  torch::Tensor forward(const torch::Tensor& tokens, KeyValueCache* cache = nullptr);  // int64 [B, T] -> logits [B, T, V]
  torch::Tensor embed(const std::vector<int64_t>& tokens);                             // T ids -> [1, T, C]

  int64_t words() const override { return config_.vocab_size; }
  int64_t channels() const override { return config_.hidden_size; }
  std::optional<int64_t> context() const override { return config_.max_position_embeddings; }
  torch::Tensor embed_ids(const torch::Tensor& ids) override { return model->embed_tokens(ids); }
  torch::Tensor states(const CausalInput& input) override { return model(input); }  // [B, T, C]
  torch::Tensor logits(const torch::Tensor& states) override;                       // [..., C] -> [..., V]
  KeyValueCache make_cache(int64_t batch, int64_t capacity) override;

  void initialise(double deviation);  // as the paper trains: normal weights, zero biases, unit norms
  void add_words(int64_t words);      // to as many in all; the rows of new ones are the means of the others

  const LlamaConfig& config() const { return config_; }
  torch::TensorOptions options() const { return model->norm->weight.options().requires_grad(false); }  // device and type
  LlamaModel model;
  Linear lm_head{nullptr};  // shares the embedding's weight with tie_word_embeddings, and has no key of its own then

 private:
  LlamaConfig config_;
};
TORCH_MODULE(LlamaForCausalLM);

}  // namespace omma
