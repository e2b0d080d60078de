#include "omma/models/merge.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/models/conversion.h"
#include "omma/models/model_row.h"
#include "omma/models/registry.h"
#include "omma/models/zoo.h"
#include "omma/nn/peft.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

KeyTable keys_of(const fs::path& directory) {
  const json type = read_json(directory / "config.json").value("model_type", json());
  for (const ModelRow& row : model_rows())
    if (type.is_string() && std::ranges::count(row.types, type.get<std::string>()) > 0) return row.keys;
  return {};
}

void merge_into(const fs::path& base, const PeftAdapter& adapter, const fs::path& to) {
  check(fs::is_regular_file(base / "config.json"), "{}: no model directory: it has no config.json", base.string());
  const TensorFile merged = merge_adapter(read_weights(base), adapter, keys_of(base));
  copy_beside_weights(base, to);
  write_safetensors(to / "model.safetensors", merged.tensors(), {{"format", "pt"}});
}

}  // namespace

bool is_adapter(const fs::path& directory) { return is_adapter_directory(directory) && !fs::exists(directory / "config.json"); }

void merge_model(const fs::path& from, const fs::path& to, const std::string& base) {
  check(is_adapter_directory(from), "{}: no adapter: it has no adapter_config.json", from.string());
  check(!fs::exists(from / "non_lora_trainables.bin"),
        "{}: non_lora_trainables.bin: weights beside the adapter, which its config.json tells how to use: it is missing",
        from.string());
  const PeftAdapter adapter = read_adapter(from);
  const std::string name = base.empty() ? adapter.base : base;
  check(!name.empty(), "{}: adapter_config.json tells no base_model_name_or_path: name the base", from.string());
  write_new_directory(to, [&](const fs::path& directory) {
    if (!fs::is_regular_file(name)) return merge_into(find_model(name), adapter, directory);
    const fs::path converted = directory / "base";
    convert_model(name, converted);
    merge_into(converted, adapter, directory);
    fs::remove_all(converted);
  });
}

}  // namespace omma
