#include "omma/models/grounded_detector.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"

namespace omma {
namespace {

constexpr float kPoolNms = 0.7F;  // of the boxes of several prompts

void suppress(std::vector<Detection>& detections, float iou) {
  std::vector<Box> boxes;
  std::vector<float> scores;
  for (const Detection& detection : detections) {
    boxes.push_back(detection.box);
    scores.push_back(detection.score);
  }
  std::vector<Detection> kept;
  for (const int index : non_maximum_suppression(boxes, scores, iou))
    kept.push_back(std::move(detections[static_cast<std::size_t>(index)]));
  detections = std::move(kept);
}

void sort_by_score(std::vector<Detection>& detections) {
  std::stable_sort(detections.begin(), detections.end(), [](const Detection& a, const Detection& b) { return a.score > b.score; });
}

void expect_valid(const DetectionPrompt& prompt, const DetectionOptions& options) {
  check(prompt.phrases.empty() == prompt.caption.has_value(), "detection prompt: expected phrases or a caption, one of the two");
  check(!options.nms || (*options.nms >= 0 && *options.nms <= 1), "nms: expected 0 to 1, got {}", *options.nms);
}

Size size_of(const Image& image) { return {.width = image.width, .height = image.height}; }

}  // namespace

struct GroundedDetector::Embedding : ImageEmbedding {
  std::shared_ptr<torch::nn::Module> model;  // whose it is
  std::unique_ptr<Pictures> picture;
  Embedding(std::shared_ptr<torch::nn::Module> of, std::unique_ptr<Pictures> one) : model(std::move(of)), picture(std::move(one)) {}
};

GroundedDetector::GroundedDetector(Tokenizer tokenizer, const PromptRules& rules, int64_t vocabulary)
    : tokenizer_(std::move(tokenizer)), rules_(rules) {
  check(tokenizer_.largest_id() < vocabulary, "tokenizer: has ids up to {}, the model's vocabulary has {}", tokenizer_.largest_id(),
        vocabulary);
}

std::vector<DetectionResult> GroundedDetector::detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                                      const DetectionOptions& options) {
  const c10::InferenceMode inference;
  expect_valid(prompt, options);
  struct Group {
    std::vector<std::size_t> places;  // among all
    std::vector<Tensor> pixels;       // [3, H, W]
    std::vector<Size> sizes;
  };
  std::map<std::pair<int64_t, int64_t>, Group> groups;  // by their size to the model
  std::vector<DetectionResult> results(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    Stopwatch watch;
    const Tensor pixels = pixels_of(images[i]);
    results[i].timing.preprocess = watch.lap();
    Group& group = groups[{pixels.size(1), pixels.size(2)}];
    group.places.push_back(i);
    group.pixels.push_back(pixels);
    group.sizes.push_back(size_of(images[i]));
  }
  for (auto& [size, group] : groups) {
    const auto encoded = encode_timed(group.pixels, std::move(group.sizes));
    auto answers = ask(*encoded, prompt, options);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      answers[i].timing.preprocess = results[group.places[i]].timing.preprocess;
      answers[i].timing.encode += encoded->encode;
      results[group.places[i]] = std::move(answers[i]);
    }
  }
  return results;
}

std::shared_ptr<const ImageEmbedding> GroundedDetector::encode_image(const Image& image) {
  const c10::InferenceMode inference;
  return std::make_shared<Embedding>(module(), encode_timed({pixels_of(image)}, {size_of(image)}));
}

DetectionResult GroundedDetector::detect_encoded(const ImageEmbedding& image, const DetectionPrompt& prompt,
                                                 const DetectionOptions& options) {
  const c10::InferenceMode inference;
  expect_valid(prompt, options);
  const auto* embedding = dynamic_cast<const Embedding*>(&image);
  check(embedding != nullptr && embedding->model == module(), "image embedding: expected one that this detector made");
  return std::move(ask(*embedding->picture, prompt, options).front());
}

float GroundedDetector::threshold(const std::optional<float>& asked, const std::optional<double>& models, float otherwise,
                                  std::string_view name) {
  const float value = asked.value_or(static_cast<float>(models.value_or(otherwise)));
  check(value >= 0 && value <= 1, "{}: expected 0 to 1, got {}", name, value);
  return value;
}

std::unique_ptr<GroundedDetector::Pictures> GroundedDetector::encode_timed(const std::vector<Tensor>& pixels,
                                                                           std::vector<Size> sizes) {
  Stopwatch watch(static_cast<double>(pixels.size()));
  auto pictures = encode(pixels, std::move(sizes));
  pictures->encode = watch.lap();
  return pictures;
}

std::vector<DetectionResult> GroundedDetector::ask(const Pictures& pictures, const DetectionPrompt& prompt,
                                                   const DetectionOptions& options) {
  std::vector<DetectionResult> results(pictures.sizes.size());
  if (prompt.caption)
    ask_caption(pictures, prompt, options, results);
  else
    ask_phrases(pictures, prompt, options, results);
  return results;
}

void GroundedDetector::ask_phrases(const Pictures& pictures, const DetectionPrompt& prompt, const DetectionOptions& options,
                                   std::vector<DetectionResult>& results) {
  const auto prompts = phrase_prompts(tokenizer_, prompt.phrases, rules_);
  for (const PhrasePrompt& part : prompts) {
    std::vector<std::size_t> before;
    for (const DetectionResult& result : results) before.push_back(result.detections.size());
    find_phrases(pictures, part.tokens, options, results);
    for (std::size_t i = 0; i < results.size(); ++i) {
      for (std::size_t k = before[i]; k < results[i].detections.size(); ++k) {
        Detection& found = results[i].detections[k];
        found.phrase_index = part.first_phrase + found.phrase_index.value();
        found.label = prompt.phrases[static_cast<std::size_t>(*found.phrase_index)];
      }
    }
  }
  for (DetectionResult& result : results) {
    sort_by_score(result.detections);
    if (options.nms || prompts.size() > 1) suppress(result.detections, options.nms.value_or(kPoolNms));
  }
}

void GroundedDetector::ask_caption(const Pictures& pictures, const DetectionPrompt& prompt, const DetectionOptions& options,
                                   std::vector<DetectionResult>& results) {
  find_words(pictures, caption_prompt(tokenizer_, *prompt.caption, rules_), options, results);
  for (DetectionResult& result : results) {
    sort_by_score(result.detections);
    if (options.nms) suppress(result.detections, *options.nms);
  }
}

}  // namespace omma
