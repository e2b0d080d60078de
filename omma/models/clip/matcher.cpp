#include "omma/models/clip/matcher.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/nn/model_directory.h"

namespace omma {
namespace {

constexpr int64_t max_text_rows = 256;  // of texts in one pass

Clip load_clip(const std::filesystem::path& directory, const ClipConfig& config, const ClipOptions& options) {
  return load_model<Clip>(config, read_weights(directory), clip_keys(), directory.string(),
                          {.device = options.device, .dtype = options.dtype});
}

ClipConfig config_of(const std::filesystem::path& directory) {
  const auto file = directory / "config.json";
  return read_clip_config(read_json(file), file.string());
}

}  // namespace

KeyTable clip_keys() {
  KeyTable table;
  table.ignored = {"text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"};
  return table;
}

ClipMatcher::ClipMatcher(const std::filesystem::path& directory, const ClipOptions& options)
    : ClipMatcher(
          load_clip(directory, config_of(directory), options), Tokenizer::from_directory(directory),
          ImageProcessor::from_directory(directory, cropping_image_processor(config_of(directory).vision_config.image_size))) {}

ClipMatcher::ClipMatcher(Clip model, Tokenizer tokenizer, ImageProcessor processor)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), processor_(std::move(processor)) {
  const ClipConfig& config = model_->config();
  const int side = static_cast<int>(config.vision_config.image_size);
  const auto size = processor_.config().fixed_size();
  check(size == Size(side, side), "clip: preprocessor_config.json: expected a crop or size of {} x {} pixels", side, side);
  check(tokenizer_.largest_id() < config.text_config.vocab_size, "clip: tokenizer: has ids up to {}, the model's vocabulary has {}",
        tokenizer_.largest_id(), config.text_config.vocab_size);
}

Tensor ClipMatcher::pixels(std::span<const Image> images) const {
  check(!images.empty(), "clip: expected at least one picture");
  std::vector<Tensor> pictures;
  for (const Image& image : images) pictures.push_back(processor_(image, at::get_num_threads()));
  const Tensor& weight = model_->visual_projection->weight;
  return torch::stack(pictures).to(weight.device(), weight.scalar_type());
}

Tensor ClipMatcher::embed(std::span<const std::string> texts, const MatchOptions& options) {
  check(!texts.empty(), "match: expected at least one text");
  check(!options.max_tokens || *options.max_tokens >= 3, "match: max-tokens: expected at least 3, got {}",
        options.max_tokens.value_or(0));
  const int64_t positions = model_->config().text_config.max_position_embeddings;
  const int64_t most = std::min<int64_t>(positions, options.max_tokens.value_or(positions));
  const PaddedTexts rows =
      tokenize_texts(tokenizer_, texts, most, /*pad=*/0, options.max_tokens ? LongTexts::cut : LongTexts::refuse);
  std::vector<Tensor> embeddings;
  for (const Tensor& part : rows.input_ids.to(model_->logit_scale.device()).split(max_text_rows))
    embeddings.push_back(model_->embed_text(part).to(torch::kFloat32));
  return torch::cat(embeddings);
}

std::vector<std::vector<float>> ClipMatcher::embed_images(std::span<const Image> images) {
  const c10::InferenceMode inference;
  return rows_of(model_->embed_image(pixels(images)));
}

std::vector<std::vector<float>> ClipMatcher::embed_texts(std::span<const std::string> texts) {
  const c10::InferenceMode inference;
  return rows_of(embed(texts, {}));
}

std::vector<MatchResult> ClipMatcher::compare(std::span<const Image> images, const Tensor& texts, const MatchOptions& options,
                                              double text_milliseconds) {
  Stopwatch watch(static_cast<double>(images.size()));
  const Tensor input = pixels(images);
  Timing timing{.preprocess = watch.lap()};
  const Tensor pictures = model_->embed_image(input).to(torch::kFloat32);         // [B, E]
  const Tensor cosines = torch::matmul(texts, pictures.unsqueeze(2)).squeeze(2);  // [B, R]
  const Tensor scaled = model_->logit_scale.to(torch::kFloat32).exp() * cosines;
  const auto itc = rows_of(cosines), probabilities = rows_of(torch::softmax(scaled, 1));
  timing.encode = watch.lap() + text_milliseconds / static_cast<double>(images.size());
  std::vector<MatchResult> results(images.size());
  for (std::size_t p = 0; p < images.size(); ++p) {
    results[p].timing = timing;
    results[p].matches.resize(itc[p].size());
    for (std::size_t r = 0; r < itc[p].size(); ++r) {
      if (options.itc) results[p].matches[r].itc = itc[p][r];
      if (options.softmax) results[p].matches[r].probability = probabilities[p][r];
    }
  }
  return results;
}

std::vector<MatchResult> ClipMatcher::match(std::span<const Image> images, std::span<const std::string> texts,
                                            const MatchOptions& options) {
  const c10::InferenceMode inference;
  Stopwatch watch;
  const Tensor embeddings = embed(texts, options);
  return compare(images, embeddings, options, watch.lap());
}

// Shorter lists are filled up with their first text.
std::vector<MatchResult> ClipMatcher::match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                                 const MatchOptions& options) {
  const c10::InferenceMode inference;
  check(!options.softmax, "match: softmax: expected the same texts for every picture");
  const std::vector<std::string> all = filled_up(images.size(), texts);
  Stopwatch watch;
  const Tensor embeddings = embed(all, options).unflatten(0, {std::ssize(images), -1});
  std::vector<MatchResult> results = compare(images, embeddings, options, watch.lap());
  for (std::size_t p = 0; p < images.size(); ++p) results[p].matches.resize(texts[p].size());
  return results;
}

void save_clip(const std::filesystem::path& directory, const Clip& model, const ClipFiles& files, torch::Dtype dtype) {
  save_model_directory(directory, *model,
                       {.config = write_clip_config(model->config()),
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = files.tokenizer_config,
                        .processor = write_image_processor(files.processor, "CLIP")},
                       dtype);
}

}  // namespace omma
