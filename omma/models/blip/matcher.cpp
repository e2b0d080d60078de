#include "omma/models/blip/matcher.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"

namespace omma {
namespace {

constexpr int64_t max_rows = 256;  // of picture-text pairs in one pass

// match_logits, over many texts of one picture in several passes.
Tensor logits_in_passes(Blip& model, const Tensor& ids, const Tensor& mask, const BlipSource& source, bool one_picture) {
  if (!one_picture) return model->match_logits(ids, mask, source);
  std::vector<Tensor> logits;
  for (int64_t first = 0; first < ids.size(0); first += max_rows) {
    const int64_t rows = std::min(max_rows, ids.size(0) - first);
    const Tensor part = mask.defined() ? mask.narrow(0, first, rows) : mask;
    logits.push_back(model->match_logits(ids.narrow(0, first, rows), part, source));
  }
  return torch::cat(logits);
}

}  // namespace

BlipMatcher::BlipMatcher(BlipCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  check(checkpoint_.model->config().parts().heads, "blip: expected a model with a text encoder and a matching head");
}

PaddedTexts BlipMatcher::tokenize(std::span<const std::string> texts, const std::optional<int>& max_tokens) const {
  const BlipTextConfig& config = checkpoint_.model->config().text_config;
  check(!texts.empty(), "match: expected at least one text");
  check(!max_tokens || *max_tokens >= 3, "match: max-tokens: expected at least 3, got {}", max_tokens.value_or(0));
  const int64_t most = std::min<int64_t>(config.max_position_embeddings, max_tokens.value_or(config.max_position_embeddings));
  PaddedTexts result =
      tokenize_texts(checkpoint_.tokenizer, texts, most, config.pad_token_id, max_tokens ? LongTexts::cut : LongTexts::refuse);
  result.input_ids = result.input_ids.to(checkpoint_.device());
  if (result.mask.defined()) result.mask = result.mask.to(checkpoint_.device());
  return result;
}

std::vector<std::vector<float>> BlipMatcher::embed_images(std::span<const Image> images) {
  const c10::InferenceMode inference;
  return rows_of(checkpoint_.model->embed_image(checkpoint_.model->vision_model(checkpoint_.pixels(images))));
}

std::vector<std::vector<float>> BlipMatcher::embed_texts(std::span<const std::string> texts) {
  const c10::InferenceMode inference;
  const PaddedTexts tokens = tokenize(texts);
  return rows_of(checkpoint_.model->embed_text(tokens.input_ids, tokens.mask));
}

BlipMatcher::Scores BlipMatcher::match_images(const Tensor& features, const PaddedTexts& texts, int64_t rows, bool embed) {
  Blip& model = checkpoint_.model;
  const Tensor ids = model->image_grounded_ids(texts.input_ids);
  const int64_t pictures = features.size(0);
  const int64_t together = std::max<int64_t>(1, max_rows / rows);
  std::vector<Tensor> probabilities;
  Tensor embeddings;
  for (int64_t first = 0; first < pictures; first += together) {
    const Tensor part = features.narrow(0, first, std::min(together, pictures - first));
    const auto of_part = [&](const Tensor& of_texts) {
      if (!of_texts.defined()) return Tensor();
      const bool shared = of_texts.size(0) == rows;
      return shared ? of_texts.repeat({part.size(0), 1}) : of_texts.narrow(0, first * rows, part.size(0) * rows);
    };
    const BlipSource source = model->text_encoder->project(part);
    const Tensor part_ids = of_part(ids), part_mask = of_part(texts.mask);
    Tensor logits;  // [p R, 2]
    if (embed && first == 0 && ids.size(0) + part_ids.size(0) <= 2 * max_rows) {
      const Tensor mask = part_mask.defined() ? torch::cat({texts.mask, part_mask}) : part_mask;
      const TextScores both = model->embed_and_match(torch::cat({texts.input_ids, part_ids}), mask, source, ids.size(0));
      embeddings = both.embeddings;
      logits = both.logits;
    } else {
      logits = logits_in_passes(model, part_ids, part_mask, source, part.size(0) == 1);
    }
    probabilities.push_back(torch::softmax(logits.to(torch::kFloat32), -1).select(1, 1).view({part.size(0), rows}));
  }
  return {.probabilities = torch::cat(probabilities), .embeddings = embeddings};
}

std::vector<MatchResult> BlipMatcher::compare(std::span<const Image> images, const PaddedTexts& texts, int64_t rows,
                                              const MatchOptions& options) {
  check(!options.softmax, "match: softmax: this model has learned no scale of its cosines");
  Blip& model = checkpoint_.model;
  Stopwatch watch(static_cast<double>(images.size()));
  const Tensor pixels = checkpoint_.pixels(images);
  Timing timing{.preprocess = watch.lap()};
  const Tensor features = model->vision_model(pixels);  // [P, S, C]
  timing.encode = watch.lap();
  std::vector<std::vector<float>> itm, itc;
  Tensor text;  // [R or P R, E]
  if (options.itm) {
    const Scores scores = match_images(features, texts, rows, options.itc);
    itm = rows_of(scores.probabilities);
    text = scores.embeddings;
  }
  if (options.itc) {
    if (!text.defined()) text = model->embed_text(texts.input_ids, texts.mask);
    itc = rows_of(torch::matmul(text.unflatten(0, {-1, rows}), model->embed_image(features).unsqueeze(2)).squeeze(2));  // [P, R]
  }
  timing.decode = watch.lap();

  std::vector<MatchResult> results(images.size());
  for (std::size_t p = 0; p < images.size(); ++p) {
    results[p].timing = timing;
    results[p].matches.resize(static_cast<std::size_t>(rows));
    for (std::size_t r = 0; r < results[p].matches.size(); ++r) {
      if (options.itm) results[p].matches[r].itm = itm[p][r];
      if (options.itc) results[p].matches[r].itc = itc[p][r];
    }
  }
  return results;
}

std::vector<MatchResult> BlipMatcher::match(std::span<const Image> images, std::span<const std::string> texts,
                                            const MatchOptions& options) {
  const c10::InferenceMode inference;
  return compare(images, tokenize(texts, options.max_tokens), std::ssize(texts), options);
}

// Shorter lists are filled up with their first text.
std::vector<MatchResult> BlipMatcher::match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                                 const MatchOptions& options) {
  const c10::InferenceMode inference;
  const std::vector<std::string> all = filled_up(images.size(), texts);
  const auto rows = std::ssize(all) / std::max<std::ptrdiff_t>(1, std::ssize(images));
  std::vector<MatchResult> results = compare(images, tokenize(all, options.max_tokens), rows, options);
  for (std::size_t p = 0; p < images.size(); ++p) results[p].matches.resize(texts[p].size());
  return results;
}

}  // namespace omma
