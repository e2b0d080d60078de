// The training split of a data set that is judged: where answers that look at no picture come from.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "apps/command.h"
#include "omma/data/left_out_pictures.h"

namespace omma::app {

// Where what is judged comes from, and where the training split does if not from there.
struct JudgedData {
  std::string data = {}, split = "val";
  std::string training = {};  // "": the split "train" of `data`
};

void add_training_flag(CLI::App& command, JudgedData& judged);  // --train-data

template <class Dataset>
struct TrainingSplit {
  std::shared_ptr<const Dataset> dataset;  // null: `absent` says why
  std::string absent;
};

// Whether both hold the same samples: a folder that knows no splits gives the same for all of them.
template <class Dataset>
bool same_samples(const Dataset& one, const Dataset& other) {
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (key_of(one, i) != key_of(other, i)) return false;
  return true;
}

// Throws what `open` throws where the training split was named; one that was not may be missing.
template <class Dataset>
TrainingSplit<Dataset> open_training_split(
    const JudgedData& judged, const Dataset& dataset,
    const std::function<std::unique_ptr<Dataset>(const std::string& data, const std::string& split)>& open) {
  if (!judged.training.empty()) return {open(judged.training, "train"), ""};
  const std::filesystem::path path = judged.data.substr(judged.data.find(':') + 1);
  if (std::filesystem::is_regular_file(path)) return {nullptr, "one file holds no splits; --train-data names the training split"};
  try {
    std::shared_ptr<const Dataset> training = open(judged.data, "train");
    if (judged.split != "train" && same_samples(*training, dataset)) return {nullptr, path.string() + " holds no splits"};
    return {training, ""};
  } catch (const std::invalid_argument& error) {
    return {nullptr, error.what()};
  }
}

}  // namespace omma::app
