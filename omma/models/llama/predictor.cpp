#include "omma/models/llama/predictor.h"

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/llama/decoder.h"
#include "omma/text/stop_strings.h"
#include "omma/text/text_stream.h"

namespace omma {

namespace {

constexpr int64_t default_max_tokens = 256;
constexpr int64_t billion = 1'000'000'000;

int64_t element_count(const TensorFile& weights) {
  int64_t count = 0;
  for (const TensorView& tensor : weights.tensors()) count += static_cast<int64_t>(tensor.bytes.size() / bytes_of(tensor.dtype));
  return count;
}

torch::Dtype own_dtype(const json& config) {
  const json& name = config.contains("dtype") ? config["dtype"] : config.value("torch_dtype", json("float32"));
  return name.is_string() ? dtype_of(name.get<std::string>()) : torch::kFloat32;
}

LlamaForCausalLM load_llama(const std::filesystem::path& directory, const LlamaPredictorOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  check(object.is_object() && object.value("model_type", json()) == "llama", "{}: model_type: expected \"llama\"", file.string());
  const auto config = read_config<LlamaConfig>(object, file.string());
  const TensorFile weights = read_weights(directory);
  const torch::Dtype dtype = options.dtype.value_or(element_count(weights) >= billion ? own_dtype(object) : torch::kFloat32);
  return load_model<LlamaForCausalLM>(config, weights, llama_keys(config), directory.string(),
                                      {.device = options.device, .dtype = dtype, .for_decoding = true});
}

// nullopt where the decoder's deadline came first; greedy search has told its tokens by then, beam search has none to tell.
std::optional<GeneratedTokens> generate_in_time(LlamaDecoder& decoder, const std::vector<int64_t>& prompt,
                                                const GenerationSettings& settings, const TokenCallback& callback) {
  try {
    return generate(decoder, prompt, settings, callback);
  } catch (const DeadlinePassed&) {
    return std::nullopt;
  }
}

}  // namespace

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
  const Encoding encoding = tokenizer_.encode(prompt, {.add_special_tokens = true, .parse_special = false});
  const std::vector<int64_t> ids(encoding.ids.begin(), encoding.ids.end());
  check(!ids.empty(), "prompt: expected at least one token");
  const int64_t context = model_->config().max_position_embeddings;
  check(std::ssize(ids) < context, "prompt: expected fewer than {} tokens (max_position_embeddings), got {}", context, ids.size());
  GenerationSettings settings = settings_of(generation_, options, default_max_tokens);
  settings.max_tokens = std::min(settings.max_tokens, context - std::ssize(ids));
  settings.min_tokens = std::min(settings.min_tokens, settings.max_tokens);

  GeneratedText result{
      .text = "", .prompt_tokens = static_cast<int>(ids.size()), .tokens = 0, .end = GeneratedText::End::length, .score = 0};
  TextStream text(tokenizer_);
  text.push(encoding.ids.back());  // so that the first piece keeps the blank that separates it from the prompt
  StopStrings stops(options.stop);
  bool cancelled = false;
  const auto tell = [&](const std::string& piece) {
    result.text += piece;
    cancelled = cancelled || (stream && !piece.empty() && !stream(piece));
  };
  const auto take = [&](int64_t token) {
    ++result.tokens;
    tell(stops.push(text.push(static_cast<std::int32_t>(token))));
    return !stops.met() && !cancelled;
  };
  LlamaDecoder decoder(model_, ids, settings.max_tokens, options.deadline);
  const std::optional<GeneratedTokens> generated = generate_in_time(decoder, ids, settings, take);
  if (generated && settings.beams > 1)
    for (const int64_t token : generated->tokens)
      if (!take(token)) break;
  if (!stops.met() && !cancelled) {
    tell(stops.push(text.finish()));
    tell(stops.finish());
  }
  if (generated) result.score = generated->score;
  if (generated && generated->ended) result.end = GeneratedText::End::eos;
  if (stops.met()) result.end = GeneratedText::End::stop;
  if (cancelled || (!generated && !stops.met())) result.end = GeneratedText::End::cancelled;
  return result;
}

void save_llama(const std::filesystem::path& directory, const LlamaForCausalLM& model, const json& tokenizer,
                const GenerationConfig& generation, torch::Dtype dtype) {
  std::filesystem::create_directories(directory);
  json config = write_config(model->config());
  config["model_type"] = "llama";
  config["architectures"] = {"LlamaForCausalLM"};
  config["dtype"] = dtype_name(dtype);
  const std::vector<int64_t> end = generation.end_tokens();
  config["bos_token_id"] = nullptr;
  config["eos_token_id"] = generation.eos_token_id;
  config["pad_token_id"] = end.empty() ? json() : json(end.front());
  json tokenizer_config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"clean_up_tokenization_spaces", false}};
  for (const json& token : tokenizer.at("added_tokens"))
    if (!end.empty() && token.at("id") == end.front())
      tokenizer_config["eos_token"] = tokenizer_config["pad_token"] = token.at("content");
  write_file(directory / "config.json", dump_json(config, 2) + "\n");
  write_file(directory / "generation_config.json", dump_json(write_config(generation), 2) + "\n");
  write_file(directory / "tokenizer.json", dump_json(tokenizer, 1) + "\n");
  write_file(directory / "tokenizer_config.json", dump_json(tokenizer_config, 2) + "\n");
  save_weights(directory / "model.safetensors", *model, dtype);
}

}  // namespace omma
