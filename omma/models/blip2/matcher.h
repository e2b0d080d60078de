// BLIP-2's retrieval model as a matcher.
#pragma once

#include <filesystem>
#include <vector>

#include "omma/models/blip2/blip2.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/padded_texts.h"
#include "omma/nn/weights.h"
#include "omma/tasks/matcher.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct Blip2Options {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

struct Blip2Checkpoint {
  Blip2Retrieval model;
  Tokenizer tokenizer;
  ImageProcessor processor;
};

// A Blip2ForImageTextRetrieval directory, of transformers 4 or 5. Throws std::invalid_argument naming the file, the field or
// tensor, what was expected and what was found.
Blip2Checkpoint load_blip2(const std::filesystem::path& directory, const Blip2Options& options = {});

struct Blip2Files {
  json tokenizer;         // tokenizer.json
  json tokenizer_config;  // tokenizer_config.json
};
// Writes a directory that load_blip2() and transformers load.
void save_blip2(const std::filesystem::path& directory, const Blip2Checkpoint& checkpoint, const Blip2Files& files,
                torch::Dtype dtype);

// A picture's keys and values are computed once, whatever the number of texts. Its embedding is that of all its queries, one behind
// another. Not thread-safe.
class Blip2Matcher : public Matcher {
 public:
  explicit Blip2Matcher(Blip2Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {}

  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                 const MatchOptions& options = {}) override;
  std::vector<MatchResult> match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                      const MatchOptions& options = {}) override;
  std::vector<std::vector<float>> embed_images(std::span<const Image> images) override;
  std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) override;

 private:
  Tensor look_at(std::span<const Image> images, Timing* timing = nullptr);  // [P, S, C]
  PaddedTexts tokenize(std::span<const std::string> texts, const std::optional<int>& max_tokens = {}) const;
  // R texts a picture: the same for all, or each picture's own.
  std::vector<MatchResult> compare(std::span<const Image> images, const PaddedTexts& texts, int64_t rows,
                                   const MatchOptions& options);
  std::vector<float> match_picture(const Tensor& features, const PaddedTexts& texts, int64_t first, int64_t rows);

  Blip2Checkpoint checkpoint_;
};

}  // namespace omma
