#include "omma/nn/llama.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/nn/causal_attention.h"
#include "omma/nn/quantization_config.h"
#include "omma/nn/recompute.h"

namespace omma {

using torch::Tensor;
namespace {

const std::vector<std::string> int8_layers = {
    R"(re:(model\.)?(language_model\.)?(model\.)?layers\.\d+\.(self_attn|mlp)\.[a-z]+_proj$)"};

// One of a layer's.
Linear layer_linear(const LlamaConfig& config, int64_t in, int64_t out, bool bias) {
  return Linear(torch::nn::LinearOptions(in, out).bias(bias), config.int8);
}

}  // namespace

void LlamaConfig::validate(Faults& faults) const {
  faults.expect(hidden_act == "silu", "hidden_act: expected silu, got \"{}\"", hidden_act);
  faults.expect(head_dim || hidden_size % num_attention_heads == 0,
                "hidden_size: expected a multiple of num_attention_heads {}, got {}", num_attention_heads, hidden_size);
  faults.expect(num_attention_heads % key_value_heads() == 0,
                "num_attention_heads: expected a multiple of num_key_value_heads {}, got {}", key_value_heads(),
                num_attention_heads);
  faults.expect(head_channels() % 2 == 0, "head_dim: expected an even number for rotary positions, got {}", head_channels());
  faults.expect(rope.type != "dynamic" || head_channels() > 2, "head_dim: expected above 2 for dynamic positions, got {}",
                head_channels());
  rope.validate(faults);
}

json llama_int8_config() { return write_int8_config(int8_layers, Int8Of::weights); }

void expect_llama_int8_config(const json& quantization_config, std::string_view where) {
  expect_int8_config(quantization_config, int8_layers, where, Int8Of::weights);
}

bool is_llama_int8_weight(std::string_view name) {
  const std::string_view inside = name.starts_with("language_model.") ? name.substr(15) : name;
  return inside.starts_with("model.layers.") && inside.ends_with("_proj.weight");
}

bool is_llama_type(const json& model_type) { return model_type == "llama" || model_type == "mistral"; }

LlamaConfig read_llama_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  const json type = object.value("model_type", json("llama"));
  check(is_llama_type(type), "{}: model_type: expected \"llama\" or \"mistral\", got {}", where, dump_json(type));
  LlamaConfig config;
  if (type == "mistral") {
    config.intermediate_size = 14336;
    config.num_key_value_heads = 8;
    config.max_position_embeddings = 131072;
  }
  read_fields(config, object, where);
  const json quantization = object.value("quantization_config", json());
  config.int8 = !quantization.is_null();
  if (config.int8) expect_llama_int8_config(quantization, where);
  const json window = type == "mistral" ? object.value("sliding_window", json(4096)) : json();
  if (!window.is_null()) {
    check(window.is_number_unsigned() && window > 0, "{}: sliding_window: expected a positive number, got {}", where,
          dump_json(window));
    config.max_position_embeddings = std::min(config.max_position_embeddings, window.get<int64_t>());
  }
  return config;
}

LlamaAttentionImpl::LlamaAttentionImpl(const LlamaConfig& config, int64_t layer)
    : q_proj(register_module("q_proj", layer_linear(config, config.hidden_size, config.num_attention_heads * config.head_channels(),
                                                    config.attention_bias))),
      k_proj(register_module("k_proj", layer_linear(config, config.hidden_size, config.key_value_heads() * config.head_channels(),
                                                    config.attention_bias))),
      v_proj(register_module("v_proj", layer_linear(config, config.hidden_size, config.key_value_heads() * config.head_channels(),
                                                    config.attention_bias))),
      o_proj(register_module("o_proj", layer_linear(config, config.num_attention_heads * config.head_channels(), config.hidden_size,
                                                    config.attention_bias))),
      layer_(layer),
      heads_(config.num_attention_heads),
      key_value_heads_(config.key_value_heads()),
      head_dim_(config.head_channels()) {}

Tensor LlamaAttentionImpl::forward(const Tensor& x, const LlamaPass& pass) {
  const int64_t batch = x.size(0);
  const int64_t tokens = x.size(1);
  const auto split = [&](const Tensor& y, int64_t heads) { return y.view({batch, tokens, heads, head_dim_}).transpose(1, 2); };
  const Tensor q = rotate(split(q_proj(x), heads_), pass.angles);                // [B, N, T, D]
  Tensor k = rotate(split(k_proj(x), key_value_heads_), pass.angles);            // [B, G, T, D]
  Tensor v = split(v_proj(x), key_value_heads_);                                 // [B, G, T, D]
  if (pass.cache != nullptr) std::tie(k, v) = pass.cache->append(layer_, k, v);  // [B, G, S, D]
  const Tensor mixed = causal_attention(q, k, v, pass.mask);                     // [B, N, T, D]
  return o_proj(mixed.transpose(1, 2).reshape({batch, tokens, heads_ * head_dim_}));
}

LlamaMlpImpl::LlamaMlpImpl(const LlamaConfig& config)
    : gate_proj(register_module("gate_proj", layer_linear(config, config.hidden_size, config.intermediate_size, config.mlp_bias))),
      up_proj(register_module("up_proj", layer_linear(config, config.hidden_size, config.intermediate_size, config.mlp_bias))),
      down_proj(register_module("down_proj", layer_linear(config, config.intermediate_size, config.hidden_size, config.mlp_bias))) {
}

Tensor LlamaMlpImpl::forward(const Tensor& x) {
  if (torch::GradMode::is_enabled()) return down_proj(torch::silu(gate_proj(x)) * up_proj(x));
  Tensor gate = gate_proj(x);
  return down_proj(torch::silu_(gate).mul_(up_proj(x)));
}

LlamaLayerImpl::LlamaLayerImpl(const LlamaConfig& config, int64_t layer)
    : self_attn(register_module("self_attn", LlamaAttention(config, layer))),
      mlp(register_module("mlp", LlamaMlp(config))),
      input_layernorm(register_module("input_layernorm", RmsNorm(config.hidden_size, config.rms_norm_eps))),
      post_attention_layernorm(register_module("post_attention_layernorm", RmsNorm(config.hidden_size, config.rms_norm_eps))) {}

Tensor LlamaLayerImpl::forward(const Tensor& x, const LlamaPass& pass) {
  const Tensor attended = x + self_attn(input_layernorm(x), pass);
  return attended + mlp(post_attention_layernorm(attended));
}

LlamaModelImpl::LlamaModelImpl(const LlamaConfig& config)
    : embed_tokens(register_module("embed_tokens", WordEmbedding(config.vocab_size, config.hidden_size))),
      layers(register_module("layers", torch::nn::ModuleList())),
      norm(register_module("norm", RmsNorm(config.hidden_size, config.rms_norm_eps))),
      config_(config),
      rope_(config.rope, config.head_channels(), config.max_position_embeddings) {
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) layers->push_back(LlamaLayer(config, layer));
}

LlamaPass LlamaModelImpl::prepare(const CausalInput& input) const {
  const int64_t past = input.cache != nullptr ? input.cache->length() : 0;
  const int64_t tokens = input.embeddings.size(1);
  const CausalPlaces places = causal_places(past, tokens, input.padding, input.embeddings.device());
  const int64_t length = input.padding.defined() ? places.positions.max().item<int64_t>() + 1 : past + tokens;
  return {
      .angles = rope_.angles(places.positions, length, input.embeddings.scalar_type()), .mask = places.mask, .cache = input.cache};
}

Tensor LlamaModelImpl::forward(const CausalInput& input) {
  check(input.embeddings.dim() == 3 && input.embeddings.size(2) == config_.hidden_size, "llama: expected embeddings [B, T, {}]",
        config_.hidden_size);
  const LlamaPass pass = prepare(input);
  Tensor x = input.embeddings;
  for (const auto& each : *layers) {  // [B, T, C]
    const auto run = [layer = each->as<LlamaLayer>(), pass](const Tensor& states) { return layer->forward(states, pass); };
    x = recomputes_layers ? recomputed(*each, run, x) : run(x);
  }
  if (input.cache != nullptr) input.cache->advance(x.size(1));
  return norm(x);
}

LlamaForCausalLMImpl::LlamaForCausalLMImpl(const LlamaConfig& config)
    : model(register_module("model", LlamaModel(config))), config_(config) {
  if (!config.tie_word_embeddings) {
    const auto sizes = torch::nn::LinearOptions(config.hidden_size, config.vocab_size).bias(false);
    lm_head = register_module("lm_head", Linear(sizes));
  }
}

Tensor LlamaForCausalLMImpl::forward(const Tensor& tokens, KeyValueCache* cache) {
  return logits(model(CausalInput{.embeddings = model->embed_tokens(tokens), .padding = {}, .cache = cache}));
}

Tensor LlamaForCausalLMImpl::embed(const std::vector<int64_t>& tokens) {
  return model->embed_tokens(torch::tensor(tokens, torch::kLong).unsqueeze(0).to(options().device()));
}

Tensor LlamaForCausalLMImpl::logits(const Tensor& hidden) {
  return config_.tie_word_embeddings ? model->embed_tokens->logits(hidden) : lm_head(hidden);
}

void LlamaForCausalLMImpl::add_words(int64_t words) {
  check(words >= config_.vocab_size, "llama: expected at least {} words, got {}", config_.vocab_size, words);
  torch::NoGradGuard no_grad;
  const auto grow = [&](Tensor& rows) {
    const Tensor mean = rows.to(torch::kFloat32).mean(0, true).to(rows.scalar_type());
    rows.set_data(torch::cat({rows, mean.expand({words - config_.vocab_size, -1})}));
  };
  grow(model->embed_tokens->weight);
  if (lm_head) grow(lm_head->weight);
  config_.vocab_size = words;
}

KeyValueCache LlamaForCausalLMImpl::make_cache(int64_t batch, int64_t capacity) {
  return KeyValueCache({.layers = config_.num_hidden_layers,
                        .batch = batch,
                        .heads = config_.key_value_heads(),
                        .capacity = capacity,
                        .head_dim = config_.head_channels()},
                       options());
}

void LlamaForCausalLMImpl::initialise(double deviation) {
  torch::NoGradGuard no_grad;
  for (const auto& parameter : named_parameters()) {
    if (parameter.value().dim() > 1) parameter.value().normal_(0, deviation);
    if (parameter.key().ends_with("bias")) parameter.value().zero_();
  }
}

}  // namespace omma
