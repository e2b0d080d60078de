// A model in a folder of its own: what it has beside this is one row of the registry.
#pragma once

#include <fmt/format.h>

#include <filesystem>

#include "omma/base/config.h"
#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/models/model_row.h"
#include "omma/tasks/detector.h"

namespace omma::stub {

struct Config {
  int margin = 1;  // of the one box that it finds in every picture

  template <class Fields>
  void fields(Fields& field) {
    field("margin", margin, Range{0, 100});
  }
};

class Predictor : public Detector {
 public:
  explicit Predictor(const std::filesystem::path& directory)
      : config_(read_config<Config>(read_json(directory / "config.json"), (directory / "config.json").string())) {}

  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions&) override {
    std::vector<DetectionResult> results;
    const auto margin = static_cast<float>(config_.margin);
    for (const Image& image : images) {
      const Box box{margin, margin, static_cast<float>(image.width) - margin, static_cast<float>(image.height) - margin};
      results.push_back({.detections = {{.label = prompt.phrases.at(0), .phrase_index = 0, .score = 1, .box = box}}});
    }
    return results;
  }

 private:
  Config config_;
};

// The converter of "an authors' file": one that holds the tensor "stub.margin".
inline bool is_original(const ConversionSource& source) { return source.file.find("stub.margin") != nullptr; }

inline void convert(const ConversionSource& source, const std::filesystem::path& to) {
  const auto bytes = source.file.find("stub.margin")->bytes;
  write_file(to / "config.json", fmt::format(R"({{"model_type": "stub", "margin": {}}})", static_cast<int>(bytes[0])));
}

}  // namespace omma::stub
