#include "omma/models/language/network.h"

#include <string>

#include "omma/base/error.h"

namespace omma {
namespace {

struct LanguageNames {
  KeyTable operator()(const LlamaConfig& config) const {
    KeyTable table{.rules = {}, .ignored = {"model.layers.*.self_attn.rotary_emb.inv_freq"}};
    if (config.tie_word_embeddings) table.rules.push_back({"lm_head.weight", {"model.embed_tokens.weight"}});
    return table;
  }
  // The first files on the hub are of the decoder alone.
  KeyTable operator()(const OptConfig& config) const {
    KeyTable table{.rules = {{"decoder.**", {"model.decoder.**"}}}, .ignored = {}};
    if (config.tie_word_embeddings) table.rules.push_back({"lm_head.weight", {"model.decoder.embed_tokens.weight"}});
    return table;
  }
  // transformers never read the first decoder layer's distances to the source, which old files hold.
  KeyTable operator()(const T5Config& config) const {
    KeyTable table{
        .rules = {{"encoder.embed_tokens.weight", {"shared.weight"}}, {"decoder.embed_tokens.weight", {"shared.weight"}}},
        .ignored = {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"}};
    if (config.ties_head) table.rules.push_back({"lm_head.weight", {"shared.weight"}});
    return table;
  }
};

struct LanguageMaker {
  template <class Network>
  LanguageModule made(Network network) const {
    return {.module = network.ptr(), .network = network.get()};
  }
  LanguageModule operator()(const LlamaConfig& config) const { return made(LlamaForCausalLM(config)); }
  LanguageModule operator()(const OptConfig& config) const { return made(OptForCausalLM(config)); }
  LanguageModule operator()(const T5Config& config) const { return made(T5ForConditionalGeneration(config)); }
};

struct LanguageWriter {
  json operator()(const LlamaConfig& config) const {
    json object = write_config(config);
    object["model_type"] = "llama";
    if (config.int8) object["quantization_config"] = llama_int8_config();
    return object;
  }
  json operator()(const OptConfig& config) const {
    json object = write_config(config);
    object["model_type"] = "opt";
    return object;
  }
  json operator()(const T5Config& config) const { return write_t5_config(config); }
};

}  // namespace

LanguageConfig read_language_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  const json type = object.value("model_type", json());
  if (type == "opt") return read_config<OptConfig>(object, where);
  if (type == "t5") return read_t5_config(object, where);
  check(is_llama_type(type), "{}: model_type: expected llama, mistral, opt or t5, got {}", where, dump_json(type));
  return read_llama_config(object, where);
}

json write_language_config(const LanguageConfig& config) { return std::visit(LanguageWriter(), config); }

LanguageModule make_language_module(const LanguageConfig& config) { return std::visit(LanguageMaker(), config); }

KeyTable language_keys(const LanguageConfig& config, std::string_view prefix) {
  KeyTable table = std::visit(LanguageNames(), config);
  const auto behind = [&](std::string& name) { name.insert(0, prefix); };
  for (KeyRule& rule : table.rules) {
    behind(rule.from);
    for (std::string& to : rule.to) behind(to);
  }
  for (std::string& name : table.ignored) behind(name);
  return table;
}

}  // namespace omma
