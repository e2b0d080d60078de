// How text is generated, as a caller asks for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace omma {

// Unset values come from the model's generation_config.json.
struct GenerationOptions {
  std::optional<int> max_tokens;
  std::optional<int> min_tokens;
  std::optional<bool> sample;  // false: greedy, or beam search with beams > 1
  std::optional<int> beams;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::optional<double> repetition_penalty;
  std::optional<double> length_penalty;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;  // generation ends before the first of these; it is not part of the text
  // Generation ends at it with the text that there is; language models tell it as End::cancelled.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

}  // namespace omma
