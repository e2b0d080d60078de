#include "omma/models/blip/matcher.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"

namespace omma {
namespace {

constexpr int64_t most_rows = 256;  // of picture-text pairs in one pass

std::vector<std::vector<float>> rows_of(const Tensor& matrix) {
  const Tensor values = matrix.to(torch::kCPU, torch::kFloat32).contiguous();
  std::vector<std::vector<float>> rows;
  for (int64_t r = 0; r < values.size(0); ++r) {
    const float* row = values.const_data_ptr<float>() + r * values.size(1);
    rows.emplace_back(row, row + values.size(1));
  }
  return rows;
}

}  // namespace

BlipMatcher::BlipMatcher(BlipCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  check(checkpoint_.model->config().parts().heads, "blip: expected a model with a text encoder and a matching head");
}

BlipTexts BlipMatcher::tokenize(std::span<const std::string> texts) const {
  const BlipTextConfig& config = checkpoint_.model->config().text_config;
  check(!texts.empty(), "match: expected at least one text");
  BlipTexts result = tokenize_texts(checkpoint_.tokenizer, texts, config.max_position_embeddings, config.pad_token_id);
  result.input_ids = result.input_ids.to(checkpoint_.device());
  if (result.mask.defined()) result.mask = result.mask.to(checkpoint_.device());
  return result;
}

std::vector<std::vector<float>> BlipMatcher::embed_images(std::span<const Image> images) {
  const c10::InferenceMode inference;
  return rows_of(checkpoint_.model->embed_picture(checkpoint_.model->vision_model(checkpoint_.pixels(images))));
}

std::vector<std::vector<float>> BlipMatcher::embed_texts(std::span<const std::string> texts) {
  const c10::InferenceMode inference;
  const BlipTexts tokens = tokenize(texts);
  return rows_of(checkpoint_.model->embed_text(tokens.input_ids, tokens.mask));
}

Tensor BlipMatcher::match_probabilities(const Tensor& features, const BlipTexts& texts) {
  Blip& model = checkpoint_.model;
  const Tensor ids = model->image_grounded_ids(texts.input_ids);
  const int64_t pictures = features.size(0), rows = ids.size(0);
  const int64_t together = std::max<int64_t>(1, most_rows / rows);
  std::vector<Tensor> probabilities;
  for (int64_t first = 0; first < pictures; first += together) {
    const Tensor part = features.narrow(0, first, std::min(together, pictures - first));
    const BlipSource source = model->text_encoder->project(part);
    const Tensor mask = texts.mask.defined() ? texts.mask.repeat({part.size(0), 1}) : Tensor();
    const Tensor logits = model->match_logits(ids.repeat({part.size(0), 1}), mask, source);  // [p R, 2]
    probabilities.push_back(torch::softmax(logits.to(torch::kFloat32), -1).select(1, 1).view({part.size(0), rows}));
  }
  return torch::cat(probabilities);
}

std::vector<MatchResult> BlipMatcher::match(std::span<const Image> images, std::span<const std::string> texts,
                                            const MatchOptions& options) {
  const c10::InferenceMode inference;
  Blip& model = checkpoint_.model;
  const BlipTexts tokens = tokenize(texts);
  Stopwatch watch(static_cast<double>(images.size()));
  const Tensor pixels = checkpoint_.pixels(images);
  Timing timing{.preprocess = watch.lap()};
  const Tensor features = model->vision_model(pixels);  // [P, S, C]
  timing.encode = watch.lap();
  std::vector<std::vector<float>> itm, itc;
  if (options.itm) itm = rows_of(match_probabilities(features, tokens));
  if (options.itc) {
    const Tensor text = model->embed_text(tokens.input_ids, tokens.mask);  // [R, E]
    itc = rows_of(torch::matmul(model->embed_picture(features), text.t()));
  }
  timing.decode = watch.lap();

  std::vector<MatchResult> results(images.size());
  for (std::size_t p = 0; p < images.size(); ++p) {
    results[p].timing = timing;
    results[p].matches.resize(texts.size());
    for (std::size_t r = 0; r < texts.size(); ++r) {
      if (options.itm) results[p].matches[r].itm = itm[p][r];
      if (options.itc) results[p].matches[r].itc = itc[p][r];
    }
  }
  return results;
}

}  // namespace omma
