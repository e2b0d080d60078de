// Names of parts that several authors' checkpoints have alike.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "omma/nn/swin.h"
#include "omma/nn/weights.h"

namespace omma {

using Renaming = std::pair<const char*, const char*>;  // theirs, ours

// Rules from `from` + theirs to `to` + ours.
template <std::size_t count>
void add_renamings(KeyTable& table, const std::string& from, const std::string& to, const Renaming (&renamings)[count]) {
  for (const auto& [theirs, ours] : renamings) table.rules.push_back({from + theirs, {to + ours}});
}

// The Swin Transformer of its authors and of all who took it over, in omma's backbone (swin.h):
// "layers.0.blocks.1.attn.qkv.weight".
void add_original_swin(KeyTable& table, const std::string& from, const std::string& to, const SwinConfig& config);

// GLIP's fusion and Grounding DINO's, in omma's (vision_text_fusion.h): "gamma_v", "attn.v_proj.weight".
void add_original_fusion(KeyTable& table, const std::string& from, const std::string& to);

}  // namespace omma
