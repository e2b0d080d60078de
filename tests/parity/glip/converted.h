// A recorded checkpoint of the authors', converted.
#pragma once

#include <filesystem>
#include <string>

#include "omma/models/registry.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma::glip {

class Converted {
 public:
  explicit Converted(const std::string& name) : recorded(testing::parity_directory("glip") / name) {
    convert_model(recorded / "glip.pth", directory(), recorded / "config.yaml");
  }
  std::filesystem::path directory() const { return temporary_ / "model"; }

  const std::filesystem::path recorded;

 private:
  testing::TemporaryDirectory temporary_;
};

}  // namespace omma::glip
