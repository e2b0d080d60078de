#include "omma/models/language/predictor.h"

#include "omma/base/error.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"
#include "omma/nn/shapes_only.h"
#include "omma/nn/text_generation.h"

namespace omma {
namespace {

constexpr int64_t default_max_tokens = 256;

}  // namespace

LanguageCheckpoint load_language(const std::filesystem::path& directory, const LanguageOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const LanguageConfig config = read_language_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  LanguageModule language;
  {
    const ShapesOnly shapes_only;
    language = make_language_module(config);
  }
  load_weights(*language.module, weights, language_keys(config), directory.string(),
               {.device = options.device,
                .dtype = options.dtype.value_or(own_dtype(object, weights, options.device)),
                .for_decoding = true});
  language.module->eval();
  return {.config = config,
          .language = language,
          .tokenizer = Tokenizer::from_directory(directory),
          .generation = read_generation_config(directory)};
}

void save_language(const std::filesystem::path& directory, const LanguageCheckpoint& checkpoint, const LanguageFiles& files,
                   torch::Dtype dtype) {
  constexpr std::array architectures = {"LlamaForCausalLM", "OPTForCausalLM", "T5ForConditionalGeneration"};
  json config = write_language_config(checkpoint.config);
  config["architectures"] = {architectures.at(checkpoint.config.index())};
  config["eos_token_id"] = checkpoint.generation.eos_token_id;
  save_model_directory(directory, *checkpoint.language.module,
                       {.config = config,
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = files.tokenizer_config,
                        .generation = checkpoint.generation},
                       dtype);
}

void expect_words(const LanguageNetwork& network, const Tokenizer& tokenizer, const GenerationConfig& generation) {
  const int64_t words = network.words();
  check(tokenizer.largest_id() < words, "tokenizer: expected ids below vocab_size {}, got {}", words, tokenizer.largest_id());
  for (const int64_t token : generation.end_tokens())
    check(token < words, "eos_token_id: expected below vocab_size {}, got {}", words, token);
}

LanguagePredictor::LanguagePredictor(LanguageCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  expect_words(network(), checkpoint_.tokenizer, checkpoint_.generation);
}

AgentFormat LanguagePredictor::agent_format() const {
  return checkpoint_.generation.agent_format == "compact" ? AgentFormat::compact : AgentFormat::plain;
}

GeneratedText LanguagePredictor::generate(std::string_view prompt, const GenerationOptions& options, const TextCallback& stream) {
  const c10::InferenceMode inference;
  const Encoding encoding = tokenizer().encode(prompt, {.add_special_tokens = true, .parse_special = false});
  const std::vector<int64_t> ids(encoding.ids.begin(), encoding.ids.end());
  check(!ids.empty(), "prompt: expected at least one token");
  GenerationSettings settings = settings_of(checkpoint_.generation, options, default_max_tokens);
  const bool rewrites = network().is_encoder_decoder();
  if (const auto context = network().context()) settings = within_context(settings, std::ssize(ids), *context);
  const torch::Device device = checkpoint_.language.module->parameters().front().device();
  const Tensor embeddings = network().embed_ids(torch::tensor(ids, torch::kLong).unsqueeze(0).to(device));
  const auto decoder = network().read({.embeddings = embeddings}, settings.max_tokens, settings.deadline);
  const TextPrompt text{.tokens = rewrites ? std::vector<int64_t>() : ids,
                        .length = std::ssize(ids),
                        .runs_on = !rewrites,
                        .stop = stops_of(checkpoint_.generation, options),
                        .stream = stream};
  return generate_texts(*decoder, tokenizer(), std::span(&text, 1), settings).front();
}

}  // namespace omma
