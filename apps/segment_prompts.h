// What --point, --box and --mask say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "omma/tasks/segmenter.h"

namespace omma::app {

struct PromptFlags {
  std::vector<std::string> points;  // "X,Y[,0|1]", or several joined by ";"
  std::vector<std::string> boxes;   // "X0,Y0,X1,Y1"
  std::string mask;                 // a file of logits
};

// The objects that are asked for, in order: that of the single points with the box or the mask, then one for each --point of
// several, joined by ";"; or one for each of several boxes. Throws std::invalid_argument that names the flag.
std::vector<SegmentationPrompt> read_prompts(const PromptFlags& flags);

// Logits as files of --out hold them: safetensors, `logits` [N, H, W] float32. Reading takes a file of one.
MaskLogits read_mask_logits(const std::string& file);
void write_mask_logits(const std::string& file, const std::vector<const MaskLogits*>& masks);

}  // namespace omma::app
