#include "omma/models/merge.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/models/conversion.h"
#include "omma/models/registry.h"
#include "omma/models/zoo.h"
#include "omma/nn/peft.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// What lies beside the weights: configs, tokenizers and chat templates.
bool goes_along(const fs::path& file) {
  constexpr std::array<std::string_view, 4> kinds = {".json", ".txt", ".model", ".jinja"};
  const bool known = std::ranges::find(kinds, file.extension().string()) != kinds.end();
  return known && fs::is_regular_file(file) && !file.filename().string().ends_with(".index.json");
}

void merge_into(const fs::path& base, const PeftAdapter& adapter, const fs::path& to) {
  check(fs::is_regular_file(base / "config.json"), "{}: no model directory: it has no config.json", base.string());
  const TensorFile merged = merge_adapter(read_weights(base), adapter);
  for (const auto& entry : fs::directory_iterator(base))
    if (goes_along(entry.path())) fs::copy_file(entry.path(), to / entry.path().filename());
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
