#include "omma/models/blip2/matcher.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/nn/model_directory.h"

namespace omma {
namespace {

constexpr int64_t texts_at_once = 256;  // texts of a picture in one pass

KeyTable blip2_keys() {
  KeyTable table;
  table.ignored = {"embeddings.position_ids"};
  return table;
}

PaddedTexts rows_from(const PaddedTexts& texts, int64_t first, int64_t rows) {
  return {.input_ids = texts.input_ids.narrow(0, first, rows),
          .mask = texts.mask.defined() ? texts.mask.narrow(0, first, rows) : texts.mask};
}

}  // namespace

Blip2Checkpoint load_blip2(const std::filesystem::path& directory, const Blip2Options& options) {
  const auto file = directory / "config.json";
  const Blip2Config config = read_blip2_config(read_json(file), file.string());
  Blip2Checkpoint checkpoint{
      .model = load_model<Blip2Retrieval>(config, read_weights(directory), blip2_keys(), directory.string(),
                                          {.device = options.device, .dtype = options.dtype}),
      .tokenizer = Tokenizer::from_directory(directory),
      .processor = ImageProcessor::from_directory(directory, square_image_processor(config.vision_config.image_size))};
  check(checkpoint.processor.config().fixed_size().has_value(), "{}: preprocessor_config.json: size: expected height and width",
        directory.string());
  return checkpoint;
}

void save_blip2(const std::filesystem::path& directory, const Blip2Checkpoint& checkpoint, const Blip2Files& files,
                torch::Dtype dtype) {
  json processor = write_image_processor(checkpoint.processor.config(), "Blip");
  processor["processor_class"] = "Blip2Processor";
  save_model_directory(directory, *checkpoint.model,
                       {.config = write_blip2_config(checkpoint.model->config()),
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = files.tokenizer_config,
                        .processor = processor},
                       dtype);
}

Tensor Blip2Matcher::look_at(std::span<const Image> images, Timing* timing) {
  return look_at_pictures(*checkpoint_.model, checkpoint_.processor, images, timing);
}

// What the vocabulary has no row for, such as the place of a picture that processors put before a text, no text can spell.
PaddedTexts Blip2Matcher::tokenize(std::span<const std::string> texts, const std::optional<int>& max_tokens) const {
  const QFormerConfig& config = checkpoint_.model->config().qformer_config;
  check(!texts.empty(), "match: expected at least one text");
  check(!max_tokens || *max_tokens >= 3, "match: max-tokens: expected at least 3, got {}", max_tokens.value_or(0));
  const int64_t most = std::min<int64_t>(config.max_position_embeddings, max_tokens.value_or(config.max_position_embeddings));
  PaddedTexts result = tokenize_texts(checkpoint_.tokenizer, texts, most, config.pad_token_id.value_or(0),
                                      max_tokens ? LongTexts::cut : LongTexts::refuse);
  check(result.input_ids.max().item<int64_t>() < config.vocab_size, "match: expected tokens of {} words, got another",
        config.vocab_size);
  const torch::Device device = checkpoint_.model->parameters().front().device();
  result.input_ids = result.input_ids.to(device);
  if (result.mask.defined()) result.mask = result.mask.to(device);
  return result;
}

std::vector<std::vector<float>> Blip2Matcher::embed_images(std::span<const Image> images) {
  const c10::InferenceMode inference;
  return rows_of(checkpoint_.model->embed_pictures(look_at(images)).flatten(1));
}

std::vector<std::vector<float>> Blip2Matcher::embed_texts(std::span<const std::string> texts) {
  const c10::InferenceMode inference;
  const PaddedTexts tokens = tokenize(texts);
  return rows_of(checkpoint_.model->embed_texts(tokens.input_ids, tokens.mask));
}

std::vector<float> Blip2Matcher::match_picture(const Tensor& features, const PaddedTexts& texts, int64_t first, int64_t rows) {
  const QFormerPicture picture = checkpoint_.model->qformer->look_at(features);  // [1, S, C]
  std::vector<Tensor> probabilities;
  for (int64_t done = 0; done < rows; done += texts_at_once) {
    const PaddedTexts part = rows_from(texts, first + done, std::min(texts_at_once, rows - done));
    const Tensor logits = checkpoint_.model->match_logits(picture, part.input_ids, part.mask);
    probabilities.push_back(torch::softmax(logits.to(torch::kFloat32), -1).select(1, 1));
  }
  return rows_of(torch::cat(probabilities).unsqueeze(0)).front();
}

std::vector<MatchResult> Blip2Matcher::compare(std::span<const Image> images, const PaddedTexts& texts, int64_t rows,
                                               const MatchOptions& options) {
  check(!options.softmax, "match: softmax: this model has learned no scale of its cosines");
  Timing timing;
  const Tensor features = look_at(images, &timing);
  Stopwatch watch(static_cast<double>(images.size()));
  const bool shared = texts.input_ids.size(0) == rows;
  std::vector<MatchResult> results(images.size());
  for (MatchResult& result : results) result.matches.resize(static_cast<std::size_t>(rows));
  if (options.itc) {
    const Tensor words = checkpoint_.model->embed_texts(texts.input_ids, texts.mask).unflatten(0, {-1, rows});  // [1 or P, R, E]
    const Tensor queries = checkpoint_.model->embed_pictures(features);                                         // [P, Q, E]
    const auto itc = rows_of(std::get<0>(torch::matmul(queries, words.transpose(1, 2)).max(1)));                // [P, R]
    for (std::size_t p = 0; p < results.size(); ++p)
      for (std::size_t r = 0; r < itc[p].size(); ++r) results[p].matches[r].itc = itc[p][r];
  }
  for (std::size_t p = 0; options.itm && p < results.size(); ++p) {
    const auto place = static_cast<int64_t>(p);
    const std::vector<float> itm = match_picture(features.narrow(0, place, 1), texts, shared ? 0 : place * rows, rows);
    for (std::size_t r = 0; r < itm.size(); ++r) results[p].matches[r].itm = itm[r];
  }
  timing.decode = watch.lap();
  for (MatchResult& result : results) result.timing = timing;
  return results;
}

std::vector<MatchResult> Blip2Matcher::match(std::span<const Image> images, std::span<const std::string> texts,
                                             const MatchOptions& options) {
  const c10::InferenceMode inference;
  return compare(images, tokenize(texts, options.max_tokens), std::ssize(texts), options);
}

// Shorter lists are filled up with their first text.
std::vector<MatchResult> Blip2Matcher::match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                                  const MatchOptions& options) {
  const c10::InferenceMode inference;
  const std::vector<std::string> all = filled_up(images.size(), texts);
  const auto rows = std::ssize(all) / std::max<std::ptrdiff_t>(1, std::ssize(images));
  std::vector<MatchResult> results = compare(images, tokenize(all, options.max_tokens), rows, options);
  for (std::size_t p = 0; p < images.size(); ++p) results[p].matches.resize(texts[p].size());
  return results;
}

}  // namespace omma
