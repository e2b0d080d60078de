// How a text was generated, as an exporter recorded it.
#pragma once

#include "omma/base/json.h"
#include "omma/tasks/generation_options.h"

namespace omma::testing {

// Of transformers' generate().
inline GenerationOptions options_of(const json& recorded) {
  GenerationOptions options;
  options.max_tokens = recorded.at("max_new_tokens").get<int>();
  options.beams = recorded.value("num_beams", 1);
  options.length_penalty = recorded.value("length_penalty", 1.0);
  options.repetition_penalty = recorded.value("repetition_penalty", 1.0);
  return options;
}

}  // namespace omma::testing
