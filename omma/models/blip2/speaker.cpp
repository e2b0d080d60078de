#include "omma/models/blip2/speaker.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/own_dtype.h"
#include "omma/nn/padded_texts.h"
#include "omma/nn/text_generation.h"
#include "omma/nn/weights.h"

namespace omma {
namespace {

KeyTable blip2_language_keys(const Blip2Config& config) {
  KeyTable table = language_keys(config.text_config.value(), "language_model.");
  for (const char* name : {"embeddings.position_ids", "qformer.embeddings.position_ids"}) table.ignored.emplace_back(name);
  return table;
}

std::string trimmed_text(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \n\t"), end = text.find_last_not_of(" \n\t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

}  // namespace

Blip2LanguageCheckpoint load_blip2_language(const std::filesystem::path& directory, const LanguageOptions& options) {
  const auto file = directory / "config.json";
  const json object = read_json(file);
  const Blip2Config config = read_blip2_config(object, file.string());
  const TensorFile weights = read_weights(directory);
  const torch::Dtype dtype = options.dtype.value_or(own_dtype(object, weights, options.device));
  Blip2LanguageCheckpoint checkpoint{
      .model = load_model<Blip2Language>(config, weights, blip2_language_keys(config), directory.string(),
                                         {.device = options.device, .dtype = dtype, .for_decoding = true}),
      .tokenizer = Tokenizer::from_directory(directory),
      .qformer_tokenizer = {},
      .processor = ImageProcessor::from_directory(directory, square_image_processor(config.vision_config.image_size)),
      .generation = read_generation_config(directory)};
  if (config.kind == Blip2Kind::instruct) checkpoint.qformer_tokenizer = Tokenizer::from_directory(directory / "qformer_tokenizer");
  if (!config.eos_token_id.is_null()) checkpoint.generation.eos_token_id = config.eos_token_id;
  expect_words(checkpoint.model->language(), checkpoint.tokenizer, checkpoint.generation);
  check(checkpoint.processor.config().fixed_size().has_value(), "{}: preprocessor_config.json: size: expected height and width",
        directory.string());
  return checkpoint;
}

void save_blip2_language(const std::filesystem::path& directory, const Blip2LanguageCheckpoint& checkpoint,
                         const Blip2LanguageFiles& files, torch::Dtype dtype) {
  const Blip2Config& config = checkpoint.model->config();
  const bool instruct = config.kind == Blip2Kind::instruct;
  const char* processor_class = instruct ? "InstructBlipProcessor" : "Blip2Processor";
  json processor = write_image_processor(checkpoint.processor.config(), "Blip");
  processor["processor_class"] = processor_class;
  save_model_directory(directory, *checkpoint.model,
                       {.config = write_blip2_config(config),
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = files.tokenizer_config,
                        .processor = processor,
                        .generation = checkpoint.generation},
                       dtype);
  const json whole = {{"processor_class", processor_class}, {"num_query_tokens", config.num_query_tokens}};
  write_file(directory / "processor_config.json", dump_json(whole, 2) + "\n");
  if (!instruct) return;
  const auto second = directory / "qformer_tokenizer";
  std::filesystem::create_directories(second);
  if (files.qformer_tokenizer.is_null()) return;
  write_file(second / "tokenizer.json", dump_json(files.qformer_tokenizer, 1) + "\n");
  const json tokenizer_config = bert_tokenizer_config(config.qformer_config.max_position_embeddings);
  write_file(second / "tokenizer_config.json", dump_json(tokenizer_config, 2) + "\n");
}

Tensor Blip2Speaker::look_at(std::span<const Image> images, Timing* timing) {
  return look_at_pictures(*checkpoint_.model, checkpoint_.processor, images, timing);
}

std::vector<int64_t> Blip2Speaker::ids_of(const std::string& text) const {
  const Encoding encoding = checkpoint_.tokenizer.encode(text, {.add_special_tokens = true, .parse_special = false});
  std::vector<int64_t> ids(encoding.ids.begin(), encoding.ids.end());
  if (ids.empty() && checkpoint_.model.ptr()->config().bos_token_id) ids.push_back(*checkpoint_.model.ptr()->config().bos_token_id);
  return ids;
}

// Without a text in the Q-Former a picture is asked once, whatever the number of prompts.
Tensor Blip2Speaker::ask(const Tensor& features, std::span<const Prompt> prompts) {
  std::vector<int64_t> pictures;
  for (const Prompt& prompt : prompts) pictures.push_back(prompt.picture);
  const Tensor rows = torch::tensor(pictures, torch::kLong).to(features.device());
  Blip2Language& model = checkpoint_.model;
  if (!checkpoint_.qformer_tokenizer) return model->project(model->ask_pictures(features)).index_select(0, rows);
  const QFormerConfig& config = model->config().qformer_config;
  std::vector<std::string> texts;
  for (const Prompt& prompt : prompts) texts.push_back(prompt.text);
  PaddedTexts text = tokenize_texts(*checkpoint_.qformer_tokenizer, texts, config.max_position_embeddings,
                                    config.pad_token_id.value_or(0), LongTexts::refuse, EmptyTexts::keep);
  if (text.mask.defined()) text.mask = text.mask.to(features.device());
  const QFormerPicture seen = model->qformer->look_at(features.index_select(0, rows));
  const Tensor states = model->ask_pictures(seen, text.input_ids.to(features.device()), text.mask);
  return model->project(states.narrow(1, 0, model->config().num_query_tokens));
}

EmbeddedPrompts Blip2Speaker::read(const Tensor& features, std::span<const Prompt> prompts) {
  const c10::InferenceMode inference;
  const Tensor queries = ask(features, prompts);
  std::vector<Tensor> rows;  // [T, D] each
  int64_t longest = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const Tensor ids = torch::tensor(ids_of(prompts[i].text), torch::kLong).to(features.device());
    rows.push_back(torch::cat({queries[static_cast<int64_t>(i)], checkpoint_.model->language().embed_ids(ids)}));
    longest = std::max(longest, rows.back().size(0));
  }
  std::vector<int64_t> padding;
  for (Tensor& row : rows) {
    padding.push_back(longest - row.size(0));
    row = torch::constant_pad_nd(row, {0, 0, padding.back(), 0});
  }
  EmbeddedPrompts result{.embeddings = torch::stack(rows)};
  if (std::ranges::any_of(padding, [](int64_t count) { return count > 0; }))
    result.padding = torch::tensor(padding, torch::kLong).to(features.device());
  return result;
}

std::vector<GeneratedText> Blip2Speaker::write(const Tensor& features, std::span<const Prompt> prompts,
                                               const GenerationOptions& options) {
  const c10::InferenceMode inference;
  const EmbeddedPrompts embedded = read(features, prompts);
  const Blip2Config& config = checkpoint_.model->config();
  LanguageNetwork& language = checkpoint_.model->language();
  GenerationSettings settings = settings_of(checkpoint_.generation, options, 30);
  if (const auto context = language.context()) settings = within_context(settings, embedded.embeddings.size(1), *context);
  std::vector<TextPrompt> texts;
  for (const Prompt& prompt : prompts) {
    std::vector<int64_t> ids;  // as the repetition penalty sees them
    if (!rewrites() && config.image_token_index) {
      ids.assign(static_cast<std::size_t>(config.num_query_tokens), *config.image_token_index);
      const std::vector<int64_t> words = ids_of(prompt.text);
      ids.insert(ids.end(), words.begin(), words.end());
    }
    texts.push_back({.tokens = std::move(ids),
                     .length = embedded.embeddings.size(1),
                     .runs_on = !rewrites(),
                     .seed = prompt.seed,
                     .stop = stops_of(checkpoint_.generation, options)});
  }
  const auto decoder = language.read(embedded, settings.max_tokens, settings.deadline);
  std::vector<GeneratedText> results = generate_texts(*decoder, checkpoint_.tokenizer, texts, settings);
  for (GeneratedText& result : results) result.text = trimmed_text(result.text);
  return results;
}

std::vector<double> Blip2Speaker::score(const Tensor& features, const Prompt& prompt, std::span<const std::string> texts) {
  const c10::InferenceMode inference;
  const EmbeddedPrompts embedded = read(features, {&prompt, 1});
  const std::vector<int64_t> ends = checkpoint_.generation.end_tokens();
  std::vector<double> scores;
  for (const std::string& text : texts) {
    const Encoding encoding = checkpoint_.tokenizer.encode((rewrites() ? "" : " ") + text, {.parse_special = false});
    std::vector<int64_t> ids(encoding.ids.begin(), encoding.ids.end());
    if (!ends.empty()) ids.push_back(ends.front());
    const Tensor tokens = torch::tensor(ids, torch::kLong).unsqueeze(0).to(features.device());
    const Tensor logits = checkpoint_.model->language().logits_of(embedded, tokens).to(torch::kFloat32);
    scores.push_back(torch::log_softmax(logits, -1).gather(-1, tokens.unsqueeze(-1)).sum().item<double>());
  }
  return scores;
}

}  // namespace omma
