// A training run's log: one JSON object a line.
#pragma once

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/json.h"

namespace omma {

// Appends to a file whose lines carry their "step". Lines of steps after `step`, which a resumed run is about to repeat, are
// dropped first. Throws std::runtime_error where the disk refuses.
class RunLog {
 public:
  RunLog(const std::filesystem::path& file, std::int64_t step) : name_(file.string()) {
    if (std::filesystem::exists(file)) {
      std::ifstream former(file);
      std::string kept;
      for (std::string line; std::getline(former, line);) {
        const json entry = json::parse(line, nullptr, false);  // a line cut short by a crash is dropped too
        if (entry.is_object() && entry.value("step", step + 1) <= step) kept += line + "\n";
      }
      write_file(file, kept);
    }
    out_.open(file, std::ios::app);
  }

  void write(const json& line) {
    out_ << dump_json(line) << std::endl;
    if (!out_) fail_runtime("{}: cannot write: {}", name_, std::strerror(errno));
  }

 private:
  std::string name_;
  std::ofstream out_;
};

}  // namespace omma
