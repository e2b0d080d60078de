// What the tensors of an original checkpoint tell of its model's size.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "omma/base/error.h"
#include "omma/io/tensor_file.h"

namespace omma {

// Sizes read off the tensors of a checkpoint, whose names begin with `prefix`. `file` must outlive it; errors begin with `where`.
class OriginalShapes {
 public:
  OriginalShapes(const TensorFile& file, std::string where, std::string prefix = "")
      : file_(file), where_(std::move(where)), prefix_(std::move(prefix)) {}

  bool has(const std::string& name) const { return file_.find(prefix_ + name) != nullptr; }
  std::int64_t size(const std::string& name, std::size_t dimension) const {
    const TensorView* view = file_.find(prefix_ + name);
    check(view != nullptr && view->shape.size() > dimension, "{}: tensor \"{}\" is missing", where_, prefix_ + name);
    return view->shape[dimension];
  }
  std::int64_t count(const std::string& before, const std::string& after) const {
    std::int64_t n = 0;
    while (has(fmt::format("{}{}{}", before, n, after))) ++n;
    return n;
  }

 private:
  const TensorFile& file_;
  std::string where_, prefix_;
};

}  // namespace omma
