#include "omma/models/quantization.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "omma/base/error.h"
#include "omma/models/conversion.h"
#include "omma/models/model_row.h"
#include "omma/models/registry.h"

namespace omma {

Quantized quantize_model(const std::filesystem::path& from, const std::filesystem::path& to, const NextPicture& next) {
  const std::string type = inspect_model(from).model_type;
  const auto rows = model_rows();
  const auto row = std::ranges::find_if(
      rows, [&](const ModelRow& each) { return each.quantize && std::ranges::find(each.types, type) != each.types.end(); });
  if (row == rows.end()) {
    std::vector<std::string> types;
    for (const ModelRow& each : rows)
      if (each.quantize) types.insert(types.end(), each.types.begin(), each.types.end());
    fail("{}: models of type \"{}\" have no form of 8-bit numbers; those that have: {}", from.string(), type,
         fmt::join(types, ", "));
  }
  Quantized result;
  write_new_directory(to, [&](const std::filesystem::path& directory) { result = row->quantize(from, directory, next); });
  return result;
}

}  // namespace omma
