// A training run's whole state in one file, from which it goes on as if it had never stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/nn/torch.h"

namespace omma {

struct CheckpointState {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;  // unique names
  int64_t step = 0;                                            // steps done; also the place in the data and the random streams
  double seconds = 0;                                          // training time spent
  json recipe;                                                 // the run's recipe
};

// Atomic: a crash at any moment leaves the old or the new file, whole. Every tensor carries a checksum. Throws std::runtime_error
// where the disk refuses; the previous file then stays.
void write_checkpoint(const std::filesystem::path& file, const CheckpointState& state);

// Reads into the tensors of `state`, which say what is expected, and sets its step and seconds. `state.recipe` is this run's: a
// checkpoint of another recipe is refused (see recipe_differences). Throws std::invalid_argument naming the file and the tensor or
// field: a format other than this program's, a missing, unexpected or misshapen tensor, a checksum that does not fit. Nothing has
// been changed then.
void read_checkpoint(const std::filesystem::path& file, CheckpointState& state);

}  // namespace omma
