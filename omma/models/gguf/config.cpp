#include "omma/models/gguf/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "omma/base/error.h"
#include "omma/nn/rope.h"

namespace omma {
namespace {

constexpr std::string_view tokenizer_key = "tokenizer.ggml.";

// Metadata of the architecture: "llama.block_count".
class Fields {
 public:
  explicit Fields(const GgufMetadata& metadata) : metadata_(metadata) {}

  bool has(const std::string& name) const { return metadata_.has("llama." + name); }
  std::int64_t integer(const std::string& name) const { return metadata_.integer("llama." + name); }
  double number(const std::string& name) const { return metadata_.number("llama." + name); }
  std::string_view text(const std::string& name) const { return metadata_.text("llama." + name); }
  std::int64_t integer(const std::string& name, std::int64_t otherwise) const { return has(name) ? integer(name) : otherwise; }
  double number(const std::string& name, double otherwise) const { return has(name) ? number(name) : otherwise; }

 private:
  const GgufMetadata& metadata_;
};

std::vector<double> values_of(const GgufTensor& tensor) {
  std::vector<float> floats(static_cast<std::size_t>(tensor.shape.empty() ? 1 : tensor.shape[0]));
  dequantize(tensor.type, tensor.bytes, floats);
  return {floats.begin(), floats.end()};
}

// Llama 3.1 and 3.2, whose parameters files do not tell: what their frequencies are divided by does.
std::optional<RopeConfig> llama3_of(const RopeConfig& plain, const std::vector<double>& divisors, std::int64_t head_dim) {
  for (const double factor : {8.0, 32.0, 16.0}) {
    RopeConfig config = plain;
    config.type = "llama3";
    config.factor = factor;
    config.original_max_position_embeddings = 8192;
    const torch::Tensor position = torch::ones({1});
    const auto turn = [&](const RopeConfig& rope) {
      return Rope(rope, head_dim, 8192).angles(torch::ones({1}, torch::kLong), 2, torch::kFloat);
    };
    RopeConfig told = plain;
    told.divisors = divisors;
    const RopeAngles expected = turn(config), got = turn(told);
    if (torch::allclose(expected.sin, got.sin, 1e-4, 1e-7)) return config;
  }
  return std::nullopt;
}

RopeConfig rope_of(const GgufFile& file, const Fields& fields, std::int64_t head_dim, const std::string& where) {
  RopeConfig rope;
  rope.theta = fields.number("rope.freq_base", 10000);
  const std::string type(fields.has("rope.scaling.type") ? fields.text("rope.scaling.type") : "none");
  check(type == "none" || type == "linear" || type == "yarn",
        "{}: llama.rope.scaling.type: expected none, linear or yarn, found \"{}\"", where, type);
  if (type != "none") {
    rope.type = type;
    rope.factor = fields.number("rope.scaling.factor");
  } else if (fields.number("rope.scale_linear", 1) != 1) {  // of old files
    rope.type = "linear";
    rope.factor = fields.number("rope.scale_linear");
  }
  if (fields.has("rope.scaling.original_context_length"))
    rope.original_max_position_embeddings = fields.integer("rope.scaling.original_context_length");
  if (const GgufTensor* divisors = file.find("rope_freqs.weight")) {
    check(divisors->shape == std::vector<std::int64_t>{head_dim / 2}, "{}: rope_freqs.weight: expected {} values", where,
          head_dim / 2);
    const std::vector<double> values = values_of(*divisors);
    check(std::ranges::all_of(values, [](double value) { return std::isfinite(value) && value > 0; }),
          "{}: rope_freqs.weight: expected positive numbers", where);
    if (const auto known = llama3_of(rope, values, head_dim)) return *known;
    rope.divisors = values;
  }
  return rope;
}

}  // namespace

LlamaConfig gguf_config(const GgufFile& file, const std::string& where) {
  const GgufMetadata& metadata = file.metadata();
  const std::string_view architecture = metadata.text("general.architecture");
  check(architecture == "llama", "{}: general.architecture: expected \"llama\", found \"{}\"", where, architecture);
  const Fields fields(metadata);
  check(fields.integer("expert_count", 0) == 0, "{}: llama.expert_count: expected none, found a mixture of {} experts", where,
        fields.integer("expert_count", 0));
  const GgufTensor* words = file.find("token_embd.weight");
  check(words != nullptr && words->shape.size() == 2, "{}: tensor \"token_embd.weight\" is missing or no matrix", where);
  json object = {{"vocab_size", words->shape[0]},
                 {"hidden_size", fields.integer("embedding_length")},
                 {"intermediate_size", fields.integer("feed_forward_length")},
                 {"num_hidden_layers", fields.integer("block_count")},
                 {"num_attention_heads", fields.integer("attention.head_count")},
                 {"num_key_value_heads", fields.integer("attention.head_count_kv", fields.integer("attention.head_count"))},
                 {"max_position_embeddings", fields.integer("context_length")},
                 {"rms_norm_eps", fields.number("attention.layer_norm_rms_epsilon")},
                 {"tie_word_embeddings", file.find("output.weight") == nullptr},
                 {"attention_bias", file.find("blk.0.attn_q.bias") != nullptr},
                 {"mlp_bias", file.find("blk.0.ffn_gate.bias") != nullptr}};
  if (fields.has("attention.key_length")) object["head_dim"] = fields.integer("attention.key_length");
  LlamaConfig config = read_config<LlamaConfig>(object, where);
  const std::int64_t turned = fields.integer("rope.dimension_count", config.head_channels());
  check(turned == config.head_channels(), "{}: llama.rope.dimension_count: expected {}, a head's channels, found {}", where,
        config.head_channels(), turned);
  config.rope = rope_of(file, fields, config.head_channels(), where);
  Faults faults(where);
  config.validate(faults);
  faults.raise();
  return config;
}

GgufVocabulary gguf_vocabulary(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  const auto key = [](const char* name) { return std::string(tokenizer_key) + name; };
  const auto texts = [&](const char* name) {
    std::vector<std::string> all;
    if (metadata.has(key(name)))
      for (const std::string_view text : metadata.texts(key(name))) all.emplace_back(text);
    return all;
  };
  const auto id = [&](const char* name) {
    return metadata.has(key(name)) ? std::optional(metadata.integer(key(name))) : std::nullopt;
  };
  const auto flag = [&](const char* name) {
    return metadata.has(key(name)) ? std::optional(metadata.boolean(key(name))) : std::nullopt;
  };
  GgufVocabulary vocabulary{.model = std::string(metadata.text(key("model"))),
                            .pre = {},
                            .tokens = texts("tokens"),
                            .token_type = {},
                            .scores = {},
                            .merges = texts("merges"),
                            .bos_token_id = id("bos_token_id"),
                            .eos_token_id = id("eos_token_id"),
                            .unknown_token_id = id("unknown_token_id"),
                            .padding_token_id = id("padding_token_id"),
                            .add_bos_token = flag("add_bos_token"),
                            .add_eos_token = flag("add_eos_token"),
                            .add_space_prefix = flag("add_space_prefix"),
                            .chat_template = {}};
  if (metadata.has(key("pre"))) vocabulary.pre = metadata.text(key("pre"));
  if (metadata.has(key("scores"))) vocabulary.scores = metadata.numbers(key("scores"));
  if (metadata.has(key("token_type")))
    for (const std::int64_t type : metadata.integers(key("token_type")))
      vocabulary.token_type.push_back(static_cast<std::int32_t>(type));
  if (metadata.has("tokenizer.chat_template")) vocabulary.chat_template = metadata.text("tokenizer.chat_template");
  return vocabulary;
}

GenerationConfig gguf_generation(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  std::set<std::int64_t> ends;
  for (const char* name : {"eos_token_id", "eot_token_id", "eom_token_id"})
    if (const std::string key = std::string(tokenizer_key) + name; metadata.has(key)) ends.insert(metadata.integer(key));
  // What ends a turn in the families of chat models, which not every file tells.
  constexpr std::array<std::string_view, 5> known = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>"};
  const std::vector<std::string_view> tokens = metadata.texts(std::string(tokenizer_key) + "tokens");
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (std::ranges::find(known, tokens[i]) != known.end()) ends.insert(static_cast<std::int64_t>(i));
  GenerationConfig generation;
  generation.eos_token_id = ends;
  return generation;
}

}  // namespace omma
