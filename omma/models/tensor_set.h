// Tensors from several files as one checkpoint's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/tensor_file.h"
#include "omma/nn/tensor.h"
#include "omma/nn/weights.h"

namespace omma {

// Tensors by name, of which later ones take the place of earlier ones. What it is given lives as long as its file().
class TensorSet {
 public:
  void add(const TensorFile& file, const KeyTable& names = {});
  void set(const std::string& name, const Tensor& tensor);
  bool has(std::string_view prefix) const;  // a tensor whose name begins so
  TensorFile file() const;

 private:
  std::map<std::string, TensorView, std::less<>> views_;
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace omma
