// What is told of a tokenizer file that is refused, and how long that took.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>

#include "omma/text/tokenizer.h"
#include "tests/temporary_directory.h"

namespace omma::testing {

// "" or what is wrong with the file.
inline std::string error_of(const std::string& text) {
  return invalid_argument_of([&] { Tokenizer::from_json(parse_json(text, "t.json"), "t.json"); });
}

// Of a file with a model of the fields given.
inline std::string model_error(const std::string& fields) { return error_of("{\"model\": {" + fields + "}}"); }

// Whether an error speaks of `part`.
inline ::testing::AssertionResult tells(const std::string& error, std::string_view part) {
  if (error.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "expected \"" << part << "\" in \"" << error << '"';
}

// Processor time, which other programs on the machine do not lengthen.
class Stopwatch {
 public:
  double seconds() const { return static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t begin_ = std::clock();
};

}  // namespace omma::testing
