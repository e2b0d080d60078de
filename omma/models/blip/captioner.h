// BLIP's decoder as a captioner.
#pragma once

#include <filesystem>

#include "omma/models/blip/checkpoint.h"
#include "omma/tasks/captioner.h"

namespace omma {

// A directory with a decoder that looks at pictures. All pictures of a call go through the model together; not thread-safe.
class BlipCaptioner : public Captioner {
 public:
  explicit BlipCaptioner(BlipCheckpoint checkpoint);

  // The prompt is what the text begins with: its last token, [SEP], is left out, its first is [DEC] (the reference does both). It
  // is not part of the caption. Lengths without a word from the caller or the checkpoint: 20 tokens, prompt included.
  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options = {}) override;

 private:
  std::vector<int64_t> prompt_ids(const std::string& prompt) const;

  BlipCheckpoint checkpoint_;
};

}  // namespace omma
