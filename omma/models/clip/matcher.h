// CLIP as a matcher of pictures and texts.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "omma/models/clip/clip.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/padded_texts.h"
#include "omma/nn/torch.h"
#include "omma/nn/weights.h"
#include "omma/tasks/matcher.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct ClipOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

// `itc` is the cosine, and there is no `itm`. Pictures and texts are each encoded once. Not thread-safe.
class ClipMatcher : public Matcher {
 public:
  // A CLIPModel directory. Throws std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
  explicit ClipMatcher(const std::filesystem::path& directory, const ClipOptions& options = {});
  ClipMatcher(Clip model, Tokenizer tokenizer, ImageProcessor processor);

  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                 const MatchOptions& options = {}) override;
  std::vector<MatchResult> match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                      const MatchOptions& options = {}) override;
  std::vector<std::vector<float>> embed_images(std::span<const Image> images) override;
  std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) override;

  bool has_itm() const override { return false; }

  Tensor pixels(std::span<const Image> images) const;  // normalised [B, 3, H, W], on the model's device, in its type
  Clip& model() { return model_; }

 private:
  Tensor embed(std::span<const std::string> texts, const MatchOptions& options);  // unit [R, E], float32
  // texts [R, E], or each picture's own [B, R, E].
  std::vector<MatchResult> compare(std::span<const Image> images, const Tensor& texts, const MatchOptions& options,
                                   double text_milliseconds);

  Clip model_;
  Tokenizer tokenizer_;
  ImageProcessor processor_;
};

// transformers' files: old ones hold positions that are nothing but counts.
KeyTable clip_keys();

struct ClipFiles {
  json tokenizer;         // tokenizer.json
  json tokenizer_config;  // tokenizer_config.json
  ImageProcessorConfig processor;
};
// Writes a directory that ClipMatcher and transformers load.
void save_clip(const std::filesystem::path& directory, const Clip& model, const ClipFiles& files, torch::Dtype dtype);

}  // namespace omma
