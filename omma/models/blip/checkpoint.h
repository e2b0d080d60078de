// A BLIP model directory: what all its predictors hold.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "omma/models/blip/blip.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/padded_texts.h"
#include "omma/nn/weights.h"
#include "omma/text/tokenizer.h"
#include "omma/vision/image.h"

namespace omma {

struct BlipOptions {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

struct BlipCheckpoint {
  static constexpr int64_t default_length = 20;  // of a text in tokens: transformers' and the authors'

  Blip model;
  Tokenizer tokenizer;
  ImageProcessor processor;
  GenerationConfig generation;

  // Normalised pixels [P, 3, H, W] on the model's device, in its type. Throws std::invalid_argument for an empty image.
  Tensor pixels(std::span<const Image> images) const;

  torch::Device device() const;

  // Of the decoder's texts after a prompt of `prompt_tokens` tokens: the caller's options over the checkpoint's. Throws
  // std::invalid_argument for a prompt that does not fit, or options out of range.
  GenerationSettings settings(const GenerationOptions& options, int64_t prompt_tokens) const;
};

// Throws std::invalid_argument naming the file, the field or tensor, what was expected and what was found.
BlipCheckpoint load_blip(const std::filesystem::path& directory, const BlipOptions& options = {});

// transformers' files: the module's own names, with tied weights perhaps under several.
KeyTable blip_keys();

struct BlipFiles {
  json tokenizer;                  // tokenizer.json
  ImageProcessorConfig processor;  // an exact size
  GenerationConfig generation;
};
// Writes a directory that predictors and transformers load.
void save_blip(const std::filesystem::path& directory, const Blip& model, const BlipFiles& files, torch::Dtype dtype);

}  // namespace omma
