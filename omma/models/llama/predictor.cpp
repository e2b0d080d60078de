#include "omma/models/llama/predictor.h"

#include "omma/base/error.h"
#include "omma/nn/llama_decoder.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"
#include "omma/nn/text_generation.h"

namespace omma {
namespace {

constexpr int64_t default_max_tokens = 256;

}  // namespace

LlamaForCausalLM load_llama(const std::filesystem::path& directory, const LlamaPredictorOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const LlamaConfig config = read_llama_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  const torch::Dtype dtype = options.dtype ? *options.dtype : own_dtype(object, weights);
  return load_model<LlamaForCausalLM>(config, weights, llama_keys(config), directory.string(),
                                      {.device = options.device, .dtype = dtype, .for_decoding = true});
}

KeyTable llama_keys(const LlamaConfig& config) {
  KeyTable table{.rules = {}, .ignored = {"model.layers.*.self_attn.rotary_emb.inv_freq"}};
  if (config.tie_word_embeddings) table.rules.push_back({"lm_head.weight", {"model.embed_tokens.weight"}});
  return table;
}

LlamaPredictor::LlamaPredictor(const std::filesystem::path& directory, const LlamaPredictorOptions& options)
    : LlamaPredictor(load_llama(directory, options), Tokenizer::from_directory(directory), read_generation_config(directory)) {}

LlamaPredictor::LlamaPredictor(LlamaForCausalLM model, Tokenizer tokenizer, GenerationConfig generation)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), generation_(std::move(generation)) {
  const int64_t words = model_->config().vocab_size;
  check(tokenizer_.largest_id() < words, "llama: tokenizer: expected ids below vocab_size {}, got {}", words,
        tokenizer_.largest_id());
  for (const int64_t token : generation_.end_tokens())
    check(token < words, "llama: eos_token_id: expected below vocab_size {}, got {}", words, token);
}

AgentFormat LlamaPredictor::agent_format() const {
  return generation_.agent_format == "compact" ? AgentFormat::compact : AgentFormat::plain;
}

GeneratedText LlamaPredictor::generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) {
  const c10::InferenceMode inference;
  const Encoding encoding = tokenizer_.encode(prompt, {.add_special_tokens = true, .parse_special = false});
  const std::vector<int64_t> ids(encoding.ids.begin(), encoding.ids.end());
  check(!ids.empty(), "prompt: expected at least one token");
  const GenerationSettings settings = within_context(settings_of(generation_, options, default_max_tokens), std::ssize(ids),
                                                     model_->config().max_position_embeddings);
  LlamaDecoder decoder(model_, model_->embed(ids), settings.max_tokens, settings.deadline);
  const TextPrompt text{
      .tokens = ids, .length = std::ssize(ids), .runs_on = true, .stop = stops_of(generation_, options), .stream = stream};
  return generate_texts(decoder, tokenizer_, std::span(&text, 1), settings).front();
}

void save_llama(const std::filesystem::path& directory, const LlamaForCausalLM& model, const json& tokenizer,
                const GenerationConfig& generation, torch::Dtype dtype) {
  json config = write_config(model->config());
  config["model_type"] = "llama";
  if (model->config().int8) config["quantization_config"] = llama_int8_config();
  config["architectures"] = {"LlamaForCausalLM"};
  const std::vector<int64_t> end = generation.end_tokens();
  config["bos_token_id"] = nullptr;
  config["eos_token_id"] = generation.eos_token_id;
  config["pad_token_id"] = end.empty() ? json() : json(end.front());
  json tokenizer_config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
  for (const json& token : tokenizer.at("added_tokens"))
    if (!end.empty() && token.at("id") == end.front())
      tokenizer_config["eos_token"] = tokenizer_config["pad_token"] = token.at("content");
  save_model_directory(directory, *model,
                       {.config = config, .tokenizer = tokenizer, .tokenizer_config = tokenizer_config, .generation = generation},
                       dtype);
}

}  // namespace omma
